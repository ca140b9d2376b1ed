# SPDX-License-Identifier: MIT
# consistency.py PREFIX JDCTL SMTP IMAP IMAPS POP3 SEED SECONDS: see consistency.sh.
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

from consistency_client import Client, Gone, Refused
from consistency_model import KEYWORDS, SYSTEM, WORDS, Mismatch, Model, check, numbers, set_text
from consistency_truth import read_truth, verify_client, verify_search
from wire import Pop3, Smtp, connect

PREFIX, JDCTL = sys.argv[1:3]
PORTS = dict(zip(("smtp", "imap", "imaps", "pop3"), map(int, sys.argv[3:7])))
SEED, SECONDS = int(sys.argv[7]), float(sys.argv[8])
CLIENTS, ROUND = 20, 8.0
KILLS = os.environ.get("KILLS", "1") == "1"
model = Model(SEED)
counts = {"commands": 0, "kills": 0, "ended": 0, "rounds": 0}
ends = []  # what killed whom, and what that did


def ended(who, why):
    counts["ended"] += 1
    ends.append(f"{time.strftime('%H:%M:%S')} {who}: {why}")


class Turns:
    """Stops everybody now and then, so that what is quiet can be looked at."""

    def __init__(self, parties):
        self.barrier = threading.Barrier(parties + 1)
        self.asked = self.is_over = False

    def meet(self):
        self.barrier.wait(timeout=150)


turns = None
failures = []


def failed(client=None):
    failures.append("\n".join(list(client.said) if client else []) + "\n" + traceback.format_exc())
    turns.barrier.abort()


class Worker(threading.Thread):
    def __init__(self, name):
        super().__init__(daemon=True)
        self.rng = random.Random(f"{SEED} {name}")

    def run(self):
        try:
            while not turns.is_over:
                if turns.asked:
                    turns.meet()   # all are silent
                    turns.meet()   # what was sent has arrived
                    self.settle()
                    turns.meet()   # all know all: it is looked at
                    turns.meet()   # on they go
                    continue
                self.turn()
        except threading.BrokenBarrierError:
            pass
        except Exception:
            failed(self if isinstance(self, Client) else None)

    def settle(self):
        pass


class Mailer(Client, Worker):
    """One of the twenty."""

    def __init__(self, index):
        Client.__init__(self, model, PORTS, index)
        Worker.__init__(self, f"client {index}")
        self.pause = self.rng.choice([0.001, 0.01, 0.03])

    def turn(self):
        try:
            if not self.pipe:
                self.connect()
            if not self.box:
                self.choose()
            else:
                self.act()
            counts["commands"] += 1
            # Now and then it is silent for so long that its session is parked.
            time.sleep(1.5 if self.rng.random() < 0.01 else self.pause * self.rng.random())
        except Gone as e:
            self.lost(e)

    def lost(self, e):
        if "was deleted" in str(e):  # a parked session notices
            check(self.box and self.box.validity in model.gone_boxes, e, "but nobody has deleted it")
        else:
            ended(f"client {self.index}, {self.last[:60]!r}", e)
        self.drop()

    def settle(self):
        while True:
            try:
                if not self.pipe:
                    self.connect()
                if self.box and self.box.validity in model.gone_boxes:
                    self.drop()
                    continue
                if not self.box:
                    self.select("INBOX", resync=self.mode == "qresync")
                self.noop()
                return
            except Gone as e:
                self.lost(e)

    def choose(self):
        name = self.rng.choices(["INBOX", "A", "B", self.temporary()], [5, 4, 3, 1])[0]
        resync = self.mode == "qresync" and self.checkpoint and self.rng.random() < 0.8
        if resync:
            name = self.checkpoint[0]
        floor = {v: max(s.values(), default=0) for v, s in list(model.seq_of.items())}
        if self.select(name, read_only=self.rng.random() < 0.15, resync=bool(resync)):
            check(self.box.highest >= floor.get(self.box.validity, 0), "HIGHESTMODSEQ is below a MODSEQ that was told")
            self.learn()
        else:
            check(name not in ("INBOX", "A", "B"), name, "is gone")
            self.checkpoint = None

    def temporary(self):
        return f"tmp{self.rng.randrange(6)}"

    # A choice of messages, as numbers or UIDs: ("UID " or "", set, uids)
    def messages(self, most=20):
        known = self.box.known()
        if not known:
            return None
        kind = self.rng.random()
        if kind < 0.4:
            at = [self.rng.randrange(len(known))]
        elif kind < 0.8:
            a = self.rng.randrange(len(known))
            at = range(a, min(len(known), a + self.rng.randint(1, most)))
        else:
            at = sorted(self.rng.sample(range(len(known)), min(len(known), self.rng.randint(1, most))))
        uids = [known[i] for i in at]
        if self.rng.random() < 0.5:
            return "UID ", set_text(uids), uids
        return "", set_text([i + 1 for i in at]), uids

    def act(self):
        acts = [(self.do_noop, 14), (self.do_fetch, 14), (self.do_store, 14), (self.do_append, 12), (self.do_copy, 6), (self.do_move, 5),
                (self.do_expunge, 5), (self.do_search, 8), (self.do_sort, 3), (self.do_idle, 4), (self.do_leave, 3),
                (self.do_mailbox, 3), (self.do_status, 3), (self.do_since, 4), (self.do_again, 1), (self.do_replace, 1)]
        self.rng.choices([a for a, _ in acts], [w for _, w in acts])[0]()
        if self.box:
            self.learn()

    def do_noop(self):
        self.noop("CHECK" if self.rng.random() < 0.2 else "NOOP")

    def do_fetch(self):
        chosen = self.messages(50)
        if not chosen:
            return
        uid, text, uids = chosen
        items = self.rng.choice(["FLAGS", "ALL", "FULL", "BODY.PEEK[]", "BODY[]", "ENVELOPE RFC822.SIZE INTERNALDATE EMAILID",
                                 "BODYSTRUCTURE UID FLAGS", "BODY.PEEK[HEADER] FLAGS", "BODY.PEEK[1] PREVIEW", "RFC822.SIZE UID"])
        if items in ("ALL", "FULL"):
            text = f"{text} {items}"
        else:
            text = f"{text} ({items}{' MODSEQ' if self.has_seq and self.rng.random() < 0.5 else ''})"
        try:
            self.command(f"{uid}FETCH {text}", expunge=bool(uid))
        except Refused as e:
            check("EXPUNGEISSUED" in str(e) and not uid, "FETCH:", e)
        told = {a[1] for a in self.answers if isinstance(a, tuple)}
        self.vanish_or_told(uids, told, "FETCH")

    def vanish_or_told(self, uids, told, what):
        """Whatever is not told of must be about to go."""
        for u in set(uids) - told:
            check((self.box.validity, u) in model.may_vanish or self.box.validity in model.gone_boxes, f"{what} does not tell of UID {u}")

    def flags(self):
        chosen = self.rng.sample(SYSTEM, self.rng.randint(0, 2)) + self.rng.sample(KEYWORDS, self.rng.randint(0, 2))
        if "\\Deleted" in chosen and self.rng.random() < 0.5:
            chosen.remove("\\Deleted")
        return chosen

    def do_store(self):
        chosen = self.messages()
        if not chosen or self.box.read_only:
            return
        uid, text, uids = chosen
        how, flags = self.rng.choice(["", "+", "-"]), self.flags()
        if "\\Deleted" in flags and how != "-":
            model.may_go(self.box.validity, uids)
        silent = ".SILENT" if self.rng.random() < 0.3 else ""
        self.store(uid, text, uids, how, silent, flags)

    def store(self, uid, text, uids, how, silent, flags):
        before = {u: self.box.flags.get(u) for u in uids}
        try:
            self.command(f"{uid}STORE {text} {how}FLAGS{silent} ({' '.join(flags)})", expunge=bool(uid))
        except Refused as e:
            check("EXPUNGEISSUED" in str(e), "STORE:", e)
        told = {a[1] for a in self.answers if isinstance(a, tuple) and "FLAGS" in a[2]}
        if not silent:
            self.vanish_or_told(uids, told, "STORE")
        for u in uids:
            if silent and u not in told and before[u] is not None and u in self.box.flags:
                # RFC 3501 §6.4.6: it is as this client believes, or it would have been told.
                now = {"": set(flags), "+": before[u] | set(flags), "-": before[u] - set(flags)}[how]
                self.box.flags[u] = frozenset(now)

    def do_since(self):
        if not self.has_seq or self.box.read_only or not self.box.known():
            return
        uid = self.rng.choice(self.box.known())
        seq, v = self.box.seq.get(uid), self.box.validity
        if not seq:
            return
        try:
            self.command(f"UID STORE {uid} (UNCHANGEDSINCE {seq}) +FLAGS ({self.rng.choice(KEYWORDS)})")
        except Refused as e:
            check("EXPUNGEISSUED" in str(e), "STORE UNCHANGEDSINCE:", e)
            return
        told = [int(a[2]["MODSEQ"][0]) for a in self.answers if isinstance(a, tuple) and a[1] == uid]
        if self.code("MODIFIED"):
            check(numbers(self.code("MODIFIED")) == [uid], "MODIFIED", self.code("MODIFIED"))
            check(not told or max(told) > seq, f"UID {uid} is MODIFIED, but is still of {seq}")
        elif told and told[0] > seq:  # others may have come behind it
            with model.lock:
                model.changes.append((v, uid, seq, told[0]))

    def do_append(self):
        name = self.rng.choice(["INBOX", "A", "B", "A", "B", self.temporary()])
        many = self.rng.choice([1, 1, 1, 2, 3, 8])
        contents = [model.new_content() for _ in range(many)]
        text = f"APPEND {name}"
        # Always to the box of the moment: a temporary one may be another when it is done.
        with model.lock:
            tops = dict(model.top)
        for c in contents:
            model.may_come(c.token)
            flags = [f for f in self.flags() if f != "\\Deleted"]
            day = f' "{self.rng.randint(1, 28):2}-Feb-2026 1{self.rng.randint(0, 9)}:00:00 +0800"' if self.rng.random() < 0.5 else ""
            text += f" ({' '.join(flags)}){day} {{{len(c.bytes)}+}}\r\n{c.bytes.decode()}"
        try:
            self.command(text)
        except Refused as e:
            check("TRYCREATE" in str(e) and name.startswith("tmp"), "APPEND:", e)
            for c in contents:
                model.came(c.token)
            return
        validity, uids = self.code("APPENDUID").split(" ")
        uids = numbers(uids)
        check(len(uids) == many and uids == sorted(uids), "APPENDUID", uids, "of", many)
        for c, u in zip(contents, uids):
            model.came(c.token)
            model.promised(int(validity), u, c.token, tops.get(int(validity), 0))

    def do_copy(self):
        self.copy("COPY")

    def do_move(self):
        if not self.box.read_only:
            self.copy("MOVE")

    def copy(self, how):
        chosen = self.messages()
        if not chosen:
            return
        uid, text, uids = chosen
        v, name = self.box.validity, self.rng.choice(["INBOX", "A", "B", self.temporary()])
        tokens = {u: model.token(v, u) for u in uids}
        if how == "MOVE":
            model.may_go(v, uids)
        with model.lock:
            tops = dict(model.top)
        for t in tokens.values():
            model.may_come(t)
        try:
            self.command(f"{uid}{how} {text} {name}")
        except Refused as e:
            check("EXPUNGEISSUED" in str(e) or ("TRYCREATE" in str(e) and name.startswith("tmp")), how, e)
            for t in tokens.values():
                model.came(t)
            return
        if self.code("COPYUID"):
            validity, source, target = self.code("COPYUID").split(" ")
            source, target = numbers(source), numbers(target)
            check(len(source) == len(target) and set(source) <= set(uids), "COPYUID", source, target, "of", uids)
            for a, b in zip(source, target):
                with model.lock:
                    model.promised(int(validity), b, tokens[a], tops.get(int(validity), 0))
                    if (v, a) in model.may_vanish or "\\Deleted" in self.box.flags.get(a, ()):
                        model.may_go(int(validity), [b])
        for t in tokens.values():
            model.came(t)

    def do_replace(self):
        if not self.box.known() or self.box.read_only or self.box.validity in model.gone_boxes or self.box.name.startswith("tmp"):
            return
        uid, v, c = self.rng.choice(self.box.known()), self.box.validity, model.new_content()
        model.may_go(v, [uid])
        model.may_come(c.token)
        above = model.high(v)
        try:
            self.command(f"UID REPLACE {uid} {self.box.name} {{{len(c.bytes)}+}}\r\n{c.bytes.decode()}")
        except Refused as e:
            check("EXPUNGEISSUED" in str(e) or "NONEXISTENT" in str(e), "REPLACE:", e)
        model.came(c.token)
        if self.code("APPENDUID"):
            validity, new = map(int, self.code("APPENDUID").split(" "))
            model.promised(validity, new, c.token, above)

    def do_expunge(self):
        if self.box.read_only:
            return
        if len(self.box.uids) > 150:
            some = self.rng.sample(self.box.known(), len(self.box.known()) // 2)
            model.may_go(self.box.validity, some)
            self.store("UID ", set_text(some), some, "+", ".SILENT", ["\\Deleted"])
            self.noop()
        if self.rng.random() < 0.5:
            self.command("EXPUNGE")
        elif self.box.known():
            known = self.box.known()
            self.command(f"UID EXPUNGE {set_text(self.rng.sample(known, (len(known) + 1) // 2))}")

    def do_search(self):
        """What never changes is found by whomever, whenever."""
        known = self.box.known()
        if not known:
            return
        uid = self.rng.choice(["", "UID "])
        word = self.rng.choice(WORDS)
        a, b = sorted([self.rng.choice(known), self.rng.choice(known)])
        key, true = self.rng.choice([
            (f'CHARSET UTF-8 SUBJECT "{word}"', lambda u, c: any(word.lower() in w.lower() for w in c.words)),
            (f'CHARSET UTF-8 BODY "{word}"', lambda u, c: any(word.lower() in w.lower() for w in c.body_words)),
            (f"UID {a}:{b}", lambda u, c: a <= u <= b),
            (f"FROM bert UID {a}:{b}", lambda u, c: c.sender == "bert" and a <= u <= b),
            ("ALL", lambda u, c: True)])
        how = self.rng.choice(["", "RETURN (ALL COUNT MIN MAX) ", "RETURN (SAVE COUNT) "])
        if how and key.startswith("CHARSET"):
            how = "RETURN (ALL COUNT MIN MAX) "
        before = {n + 1: u for n, u in enumerate(self.box.uids)}
        self.command(f"{uid}SEARCH {how}{key}", expunge=bool(uid))
        known = [u for u in known if model.token(self.box.validity, u)]  # not told of, only named by COPYUID
        right = {u for u in known if true(u, model.contents[model.token(self.box.validity, u)])}
        found, count = self.search_answer()
        if found is not None:
            uids = {n if uid else before[n] for n in found}
            wrong = {u for u in uids - right if u <= max(known, default=0) and model.token(self.box.validity, u)}
            check(not wrong, f"{key} found {wrong}")
            self.vanish_or_told(right, uids, key)
            check(count is None or count == len(found), "COUNT", count, "of", len(found))
        if "SAVE" in how and self.box and self.rng.random() < 0.7:
            self.command("UID FETCH $ (UID FLAGS)")
            told = {a[1] for a in self.answers if isinstance(a, tuple)}
            self.vanish_or_told(right & set(self.box.flags), told, "$")

    def search_answer(self):
        for data in self.answers:
            if isinstance(data, bytes) and data.startswith((b"SEARCH", b"SORT")):
                return [int(n) for n in data.split(b"(")[0].split()[1:]], None
            if isinstance(data, bytes) and data.startswith(b"ESEARCH"):
                words = data.decode().split(") ", 1)[-1].split() if b") " in data else []
                values = {k: v for k, v in zip(words, words[1:])}
                found = numbers(values["ALL"]) if "ALL" in values else []
                if found and "MIN" in values:
                    check(int(values["MIN"]) == min(found) and int(values["MAX"]) == max(found), "MIN or MAX", data)
                if "ALL" not in values and values.get("COUNT", "0") != "0":
                    return None, None
                return found, int(values["COUNT"]) if "COUNT" in values else None
        raise Mismatch(f"no answer to {self.last}")

    def do_sort(self):
        uid = self.rng.choice(["", "UID "])
        known = self.box.known()
        if self.rng.random() < 0.5:
            self.command(f"{uid}SORT ({self.rng.choice(['ARRIVAL', 'REVERSE DATE', 'SIZE', 'SUBJECT', 'FROM'])}) UTF-8 ALL", expunge=bool(uid))
            found = self.search_answer()[0]
        else:
            self.command(f"{uid}THREAD {self.rng.choice(['REFERENCES', 'ORDEREDSUBJECT', 'REFS'])} UTF-8 ALL", expunge=bool(uid))
            text = next(a for a in self.answers if isinstance(a, bytes) and a.startswith(b"THREAD"))
            found = [int(n) for n in text[6:].replace(b"(", b" ").replace(b")", b" ").split()]
        check(len(found) == len(set(found)), "a message twice in", self.last)
        if uid:
            self.vanish_or_told(known, set(found), self.last)

    def do_idle(self):
        self.begin("IDLE")
        self.may_expunge = True
        end = time.monotonic() + self.rng.choice([0.05, 0.3, 1.5])
        going = False
        while not going or time.monotonic() < end:
            if going and not self.pipe.has_line(end - time.monotonic()):
                break
            data = self.pipe.raw()
            if data.startswith(b"+"):
                going = True
            else:
                self.take(data[2:])
        self.pipe.send(b"DONE\r\n")
        self.finish()

    def do_leave(self):
        self.learn()
        how = self.rng.choice(["CLOSE", "UNSELECT", "SELECT", "LOGOUT", "RST"])
        if how == "CLOSE":
            self.noop()
            self.command("CLOSE")
        elif how == "UNSELECT":
            self.command("UNSELECT")
        elif how == "LOGOUT":
            self.command("LOGOUT")
            return self.drop()
        elif how == "RST":
            self.pipe.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return self.drop()
        self.box = None

    def do_again(self):
        """Away, and back at once."""
        self.noop()
        self.drop()
        self.connect()
        self.choose()

    def do_mailbox(self):
        name, how = self.temporary(), self.rng.choice(["CREATE", "CREATE", "DELETE", "RENAME"])
        if self.box.name.startswith("tmp") or (how != "CREATE" and self.rng.random() < 0.5):
            return
        other = self.temporary()
        try:
            if how == "DELETE":
                validity = self.status(name, "UIDVALIDITY")["UIDVALIDITY"]
                # Another may make one of that name meanwhile; both are temporary.
                with model.lock:
                    model.gone_boxes.update(v for v in list(model.top) if v not in fixed)
                    model.gone_boxes.add(validity)
            self.command(f"{how} {name}" + (f" {other}" if how == "RENAME" else ""))
        except Refused as e:
            check(any(c in str(e) for c in ("NONEXISTENT", "ALREADYEXISTS", "CANNOT")), how, e)

    def status(self, name, items):
        self.command(f"STATUS {name} ({items})")
        words = next(a for a in self.answers if isinstance(a, bytes) and a.startswith(b"STATUS")).decode()
        words = words[words.index("(") + 1:-1].split()
        return {k: int(v) for k, v in zip(words[::2], words[1::2])}

    def do_status(self):
        name = self.rng.choice(["INBOX", "A", "B"])
        with model.lock:
            tops = dict(model.top)
        got = self.status(name, "MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE DELETED")
        check(got["UIDNEXT"] > tops.get(got["UIDVALIDITY"], 0), "UIDNEXT", got)
        check(got["UNSEEN"] <= got["MESSAGES"] and got["DELETED"] <= got["MESSAGES"], got)


class Sender(Worker):
    """Deliveries by SMTP and LMTP."""

    def turn(self):
        time.sleep(self.rng.random() * 0.3)
        c = model.new_content()
        with model.lock:
            model.delivered.add(c.token)  # if it is refused the test ends
        lmtp = f"{PREFIX}/run/lmtp.sock"
        if self.rng.random() < 0.5 and os.path.exists(lmtp):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            s.connect(lmtp)
            client = Smtp(s)
            client.command("LHLO model.test", 250)
        else:
            client = Smtp(connect(PORTS["smtp"]))
            client.command("EHLO model.test", 250)
        code, text = client.message("x@model.test", "ann@example.test", c.bytes, " BODY=8BITMIME")
        check(code == 250, "a delivery was answered", code, text)
        client.command("QUIT", 221)
        client.sock.close()


class Poller(Worker):
    """A POP3 client: reads all, deletes some, says QUIT or does not."""

    def turn(self):
        time.sleep(0.3 + self.rng.random())
        try:
            p = Pop3(connect(PORTS["pop3"]))
            p.command("UTF8")  # without it headers come in ASCII form
            p.command("USER ann@example.test")
            p.command("PASS pw")
            p.send(b"UIDL\r\n")
            names = [tuple(map(int, line.split()[1].split(b"."))) for line in p.lines().splitlines()]
            for n, (validity, uid) in enumerate(names, 1):
                known = model.token(validity, uid)
                if self.rng.random() < 0.05:
                    p.send(f"RETR {n}\r\n".encode())
                    model.told(validity, uid, data=p.lines())
                elif known and self.rng.random() < 0.02:
                    model.may_go(validity, [uid])
                    p.command(f"DELE {n}")
            if self.rng.random() < 0.8:
                p.command("QUIT")
            p.sock.close()
        except (EOFError, OSError) as e:
            ended("POP3", e)
        except ValueError as e:
            # A message that went while we looked cannot be read; nothing else may be refused.
            check("cannot be read" in str(e), e)


class Killer(Worker):
    def turn(self):
        time.sleep(0.3 + self.rng.random() * 0.7)
        try:
            if self.rng.random() < 0.25:
                with open(f"{PREFIX}/run/local-deliver.lock") as f:
                    os.kill(int(f.read()), signal.SIGKILL)
                return
            with open(f"{PREFIX}/run/sessiond.lock") as f:
                master = f.read().strip()
            with open(f"/proc/{master}/task/{master}/children") as f:
                pid = int(self.rng.choice(f.read().split()))
            os.kill(pid, signal.SIGKILL)
            counts["kills"] += 1
            ends.append(f"{time.strftime('%H:%M:%S')} killed {pid}")
        except (OSError, ValueError, IndexError):
            pass


def queue_is_empty():
    out = subprocess.run([JDCTL, "--prefix", PREFIX, "queue", "count"], capture_output=True, text=True, check=False)
    return out.stdout.split()[:1] == ["0"]


fixed = set()
main = Client(model, PORTS, 1)
main.mode = "condstore"
main.connect()
for name in ("A", "B"):
    main.command(f"CREATE {name}")
for name in ("INBOX", "A", "B"):
    main.select(name)
    fixed.add(main.box.validity)
clients = [Mailer(i) for i in range(CLIENTS)]
others = [Sender("smtp"), Sender("lmtp"), Poller("pop3")] + ([Killer("killer")] if KILLS else [])
turns = Turns(len(clients + others))
threads = clients + others
for t in threads:
    t.start()
end = time.monotonic() + SECONDS
rng = random.Random(f"{SEED} main")
try:
    while not turns.is_over:
        time.sleep(min(ROUND, max(1.0, end - time.monotonic())))
        turns.asked = True
        turns.meet()
        for _ in range(600):
            if queue_is_empty():
                break
            time.sleep(0.1)
        else:
            raise Mismatch("the queue does not become empty")
        turns.asked = False
        turns.meet()
        turns.meet()
        main.drop()
        main.connect()
        truth = read_truth(main)
        model.verify({v: t["messages"] for v, t in truth.items()})
        wrong = []
        for c in clients:
            try:
                verify_client(c, truth)
            except Mismatch as e:
                wrong.append(str(e))
        check(not wrong, "\n".join(wrong))
        for t in truth.values():
            verify_search(main, t, rng)
        counts["rounds"] += 1
        turns.is_over = time.monotonic() >= end
        turns.meet()
except threading.BrokenBarrierError:
    pass
except Exception:
    failed()
print(f"seed {SEED}: {counts}, {len(model.instances)} messages")
if failures:
    print("\n".join(failures))
    print(f"again: SEED={SEED} DURATION={int(SECONDS)} sh t/system/consistency.sh")
    sys.exit(1)
if counts["ended"] > counts["kills"]:
    print("\n".join(ends))
    sys.exit(f"{counts['ended']} connections ended, but only {counts['kills']} sessions were killed")
