# SPDX-License-Identifier: MIT
# consistency_truth.py: what a client that comes anew is told of everything, and the comparison of
# what others believe, and of what SEARCH and SORT answer, with that.
import re

from consistency_model import KEYWORDS, SYSTEM, WORDS, check


def read_truth(client):
    """{validity: {"name", "messages": {uid: {...}}}} of all mailboxes."""
    client.command('LIST "" *')
    names = [m[1].decode() for a in client.answers if isinstance(a, bytes) and (m := re.match(rb'LIST \([^)]*\) "/" "?([^"]*)"?$', a))]
    truth = {}
    for name in names:
        check(client.select(name, read_only=True), name, "is listed but cannot be selected")
        client.answers = []
        box = client.box
        highest = int(client.code("HIGHESTMODSEQ"))
        uid_next = int(client.code("UIDNEXT"))
        if box.uids:
            client.command("FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE INTERNALDATE EMAILID ENVELOPE BODY.PEEK[])")
        messages = {}
        for number, uid, items in [a for a in client.answers if isinstance(a, tuple)]:
            messages[uid] = {
                "number": number, "flags": box.flags[uid], "seq": int(items["MODSEQ"][0]), "size": int(items["RFC822.SIZE"]),
                "date": items["INTERNALDATE"].decode(), "content": client.model.contents[client.model.token(box.validity, uid)]}
        check(len(messages) == len(box.uids), f"{len(messages)} of {len(box.uids)} were told")
        check(sorted(messages) == list(messages), "UIDs do not rise")
        check(all(m["seq"] <= highest for m in messages.values()), "a MODSEQ above HIGHESTMODSEQ")
        check(not messages or max(messages) < uid_next, "UIDNEXT", uid_next, max(messages, default=0))
        client.command(f'STATUS "{name}" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE DELETED HIGHESTMODSEQ)')
        words = next(a for a in client.answers if isinstance(a, bytes) and a.startswith(b"STATUS")).decode()
        words = words[words.index("(") + 1:-1].split()
        told = {k: int(v) for k, v in zip(words[::2], words[1::2])}
        right = {"MESSAGES": len(messages), "UIDNEXT": uid_next, "UIDVALIDITY": box.validity, "HIGHESTMODSEQ": highest,
                 "UNSEEN": sum("\\Seen" not in m["flags"] for m in messages.values()),
                 "SIZE": sum(m["size"] for m in messages.values()),
                 "DELETED": sum("\\Deleted" in m["flags"] for m in messages.values())}
        check(told == right, name, "STATUS is", told, "but should be", right)
        truth[box.validity] = {"name": name, "messages": messages}
    return truth


def verify_client(c, truth):
    """What the client believes is so."""
    box = c.box
    if box.validity not in truth:
        return  # somebody has deleted it
    messages = truth[box.validity]["messages"]
    check(box.uids == list(messages), f"client {c.index} ({c.mode}) in {box.name} has too much: "
          f"{[u for u in box.uids if u not in messages]}, and does not know "
          f"{[(u, m['content'].token, m['content'].token in c.model.delivered) for u, m in messages.items() if u not in box.uids]}")
    for uid, m in messages.items():
        check(box.flags[uid] == m["flags"], f"client {c.index} ({c.mode}) in {box.name} has UID {uid} {set(box.flags[uid])}, is {set(m['flags'])}")
        if c.has_seq:
            check(box.seq.get(uid) == m["seq"], f"client {c.index} ({c.mode}) in {box.name} has UID {uid} at {box.seq.get(uid)}, is {m['seq']}")


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def day_of(text):  # of " 5-Feb-2026 ..."
    day, month, year = text.strip().split(" ")[0].split("-")
    return int(year), MONTHS.index(month), int(day)


def random_key(rng, messages, depth=0):
    """(text, what is true of (uid, message))"""
    kind = rng.randrange(14 if depth < 2 else 11)
    uids = list(messages)
    if kind == 0:
        f = rng.choice(SYSTEM)
        return f[1:].upper(), lambda u, m: f in m["flags"]
    if kind == 1:
        f = rng.choice(SYSTEM)
        return "UN" + f[1:].upper(), lambda u, m: f not in m["flags"]
    if kind == 2:
        k = rng.choice(KEYWORDS)
        return f"KEYWORD {k}", lambda u, m: k in m["flags"]
    if kind == 3:
        n = rng.choice([300, 400, 1000, 3000])
        return f"LARGER {n}", lambda u, m: m["size"] > n
    if kind == 4:
        a, b = sorted([rng.choice(uids), rng.choice(uids)])
        return f"UID {a}:{b}", lambda u, m: a <= u <= b
    if kind == 5:
        a, b = sorted([rng.randint(1, len(uids)), rng.randint(1, len(uids))])
        return f"{a}:{b}", lambda u, m: a <= m["number"] <= b
    if kind == 6:
        w = rng.choice(WORDS)
        return f'SUBJECT "{w}"', lambda u, m: any(w.lower() in x.lower() for x in m["content"].words)
    if kind == 7:
        w = rng.choice(WORDS)
        return f'BODY "{w}"', lambda u, m: any(w.lower() in x.lower() for x in m["content"].body_words)
    if kind == 8:
        d = rng.randint(1, 28)
        how = rng.choice(["BEFORE", "ON", "SINCE"])
        at = (2026, 1, d)
        return f"{how} {d}-Feb-2026", lambda u, m: {"BEFORE": day_of(m["date"]) < at, "ON": day_of(m["date"]) == at, "SINCE": day_of(m["date"]) >= at}[how]
    if kind == 9:
        d = rng.randint(1, 28)
        return f"SENTBEFORE {d}-Mar-2026", lambda u, m: m["content"].day < d
    if kind == 10:
        s = rng.choice([m["seq"] for m in messages.values()])
        return f"MODSEQ {s}", lambda u, m: m["seq"] >= s
    a_text, a = random_key(rng, messages, depth + 1)
    if kind == 11:
        return f"NOT {a_text}", lambda u, m: not a(u, m)
    b_text, b = random_key(rng, messages, depth + 1)
    if kind == 12:
        return f"OR {a_text} {b_text}", lambda u, m: a(u, m) or b(u, m)
    return f"({a_text} {b_text})", lambda u, m: a(u, m) and b(u, m)


def verify_search(client, box, rng):
    messages = box["messages"]
    if not messages:
        return
    check(client.select(box["name"], read_only=True), "it cannot be selected again")
    for _ in range(12):
        text, true = random_key(rng, messages)
        client.command(f"UID SEARCH CHARSET UTF-8 {text}")
        answer = next(a for a in client.answers if isinstance(a, bytes) and a.startswith(b"SEARCH")).decode()
        right = [u for u, m in messages.items() if true(u, m)]
        found = [int(n) for n in answer.split(" (")[0].split()[1:]]
        check(found == right, f"{box['name']}: {text} finds {found}, should find {right}")
        if " (MODSEQ" in answer:
            highest = int(answer.split("MODSEQ ")[1].rstrip(")"))
            check(highest == max(messages[u]["seq"] for u in found), text, "says MODSEQ", highest)
    for order, key in (("SIZE", lambda m: m["size"]), ("ARRIVAL", lambda m: (day_of(m["date"]), m["date"].split(" ")[-2])),
                       ("DATE", lambda m: (m["content"].day, m["content"].number % 60)), ("FROM", lambda m: m["content"].sender)):
        for reverse in (False, True):
            client.command(f"SORT ({'REVERSE ' if reverse else ''}{order}) UTF-8 ALL")
            answer = next(a for a in client.answers if isinstance(a, bytes) and a.startswith(b"SORT")).decode()
            right = [m["number"] for m in sorted(messages.values(), key=lambda m: key(m), reverse=reverse)]
            check([int(n) for n in answer.split()[1:]] == right, f"{box['name']}: SORT {order} answers {answer}, should be {right}")
