# SPDX-License-Identifier: MIT
# consistency_model.py: what must be true of one account that many clients change at once.
#
# An instance is (UIDVALIDITY, UID).  Whatever a client is told of it goes through here, and what was
# told before, to anybody, must agree: its bytes, its size, its flags at one mod-sequence.
import random
import re
import threading
import zlib

SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
KEYWORDS = ["$Forwarded", "$MDNSent", "work", "Later", "k1", "k2", "k3"]
WORDS = ["tea", "harbour", "ledger", "mountain", "Quarterly", "report", "北京", "会议纪要", "résumé", "naïve"]


class Mismatch(Exception):
    pass


def check(true, *what):
    if not true:
        raise Mismatch(" ".join(str(w) for w in what))


def parse_set(text):
    """[(first, last)] of "1:3,5"; no *."""
    out = []
    for part in text.split(","):
        a, _, b = part.partition(":")
        a, b = int(a), int(b or a)
        check(0 < a <= b, "not a set in rising order:", text)
        out.append((a, b))
    return out


def numbers(text):
    return [n for a, b in parse_set(text) for n in range(a, b + 1)]


def set_text(values):
    out = []
    for v in sorted(values):
        if out and out[-1][1] == v - 1:
            out[-1][1] = v
        else:
            out.append([v, v])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in out)


class Content:
    """A message of ours, known by its token, which is in its Message-ID."""

    def __init__(self, token, rng, tokens):
        self.token, self.number = token, int(token[1:])
        self.words = [rng.choice(WORDS) for _ in range(rng.randint(1, 3))]
        self.body_words = [rng.choice(WORDS) for _ in range(3)]
        self.sender = rng.choice(["anna", "bert", "chen", "dora"])
        self.day = rng.randint(1, 28)
        reply = f"In-Reply-To: <{rng.choice(tokens)}@model.test>\r\n" if tokens and rng.random() < 0.3 else ""
        body = " ".join(self.body_words) + "\r\n" + "filler line\r\n" * rng.choice([0, 3, 50, 50, 400])
        if rng.random() < 0.01:
            body += ("x" * 76 + "\r\n") * 2000  # kept in a file of its own
        self.bytes = (f"From: <{self.sender}@model.test>\r\nTo: <ann@example.test>\r\n"
                      f"Date: {self.day} Mar 2026 10:00:{self.number % 60:02} +0000\r\n"
                      f"Subject: {' '.join(self.words)}\r\nMessage-ID: <{token}@model.test>\r\n{reply}"
                      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                      + body).encode()


class Instance:
    __slots__ = ("token", "size", "date", "email", "sum", "flags_at")

    def __init__(self):
        self.token = self.size = self.date = self.email = self.sum = None
        self.flags_at = {}


class Model:
    def __init__(self, seed):
        self.lock = threading.RLock()
        self.rng = random.Random(f"{seed} model")
        self.contents = {}        # token: Content
        self.email_of = {}        # token: EMAILID
        self.instances = {}       # (validity, uid): Instance
        self.top = {}             # validity: highest UID that anybody was told of
        self.seq_of = {}          # validity: {uid: highest MODSEQ that anybody was told of}
        self.expunged = {}        # validity: {uid} that somebody was told are gone
        self.acked = set()        # instances that the server has promised
        self.explained = set()    # instances that came by APPENDUID or COPYUID
        self.may_vanish = set()   # instances that somebody has tried to get rid of
        self.gone_boxes = set()   # validities of which somebody has tried to get rid
        self.uncertain = {}       # token: how many more instances unanswered commands may have made
        self.delivered = set()    # tokens that SMTP or LMTP took
        self.changes = []         # (validity, uid, before, after): nothing may have come between
        self.count = 0

    def new_content(self):
        with self.lock:
            self.count += 1
            c = Content(f"T{self.count}", self.rng, list(self.contents)[-50:])
            self.contents[c.token] = c
            return c

    def may_come(self, token):
        with self.lock:
            self.uncertain[token] = self.uncertain.get(token, 0) + 1

    def came(self, token):
        """A command that may_come() announced was answered after all."""
        with self.lock:
            self.uncertain[token] -= 1

    def high(self, validity):
        with self.lock:
            return self.top.get(validity, 0)

    def promised(self, validity, uid, token, above):
        """By APPENDUID or COPYUID.  above: the highest UID that was known when the command was sent."""
        with self.lock:
            check(uid > above, f"UID {uid} is not above {above} of {validity}, which was known before")
            check((validity, uid) not in self.explained, f"UID {uid} of {validity} was promised twice")
            self.told(validity, uid, token=token)
            self.explained.add((validity, uid))
            self.acked.add((validity, uid))

    def may_go(self, validity, uids):
        with self.lock:
            self.may_vanish.update((validity, u) for u in uids)

    def gone(self, validity, uid):
        with self.lock:
            self.expunged.setdefault(validity, set()).add(uid)

    def told(self, validity, uid, token=None, size=None, date=None, email=None, data=None, seq=None, flags=None):
        with self.lock:
            i = self.instances.setdefault((validity, uid), Instance())
            self.top[validity] = max(self.top.get(validity, 0), uid)
            for name, value in (("token", token), ("size", size), ("date", date), ("email", email)):
                if value is None:
                    continue
                known = getattr(i, name)
                check(known is None or known == value, f"{name} of UID {uid} of {validity} was {known}, is {value}")
                setattr(i, name, value)
            if email is not None and i.token is not None:
                known = self.email_of.setdefault(i.token, email)
                check(known == email, f"{i.token} has EMAILID {known} and {email}")
            if flags is not None and "\\Deleted" in flags:
                self.may_vanish.add((validity, uid))  # it may have been copied so
            if seq is not None:
                seqs = self.seq_of.setdefault(validity, {})
                seqs[uid] = max(seqs.get(uid, 0), seq)
                if flags is not None:
                    known = i.flags_at.setdefault(seq, flags)
                    check(known == flags, f"UID {uid} of {validity} at {seq} had {set(known)}, has {set(flags)}")
            if data is not None:
                self.told_bytes(i, validity, uid, data)
            return i

    def told_bytes(self, i, validity, uid, data):
        found = re.search(rb"(?mi)^message-id: <(T\d+)@model\.test>", data)
        check(found, f"UID {uid} of {validity} is none of ours: {data[:200]!r}")
        token = found[1].decode()
        check(i.token in (None, token), f"UID {uid} of {validity} was {i.token}, is {token}")
        i.token = token
        check(i.size in (None, len(data)), f"size of {token} was {i.size}, is {len(data)}")
        content, total = self.contents[token].bytes, zlib.crc32(data)
        if token in self.delivered:
            check(data.endswith(content), f"the bytes of {token} changed on their way")
        else:
            check(data == content, f"the bytes of {token} changed: {data[:300]!r}")
        check(i.sum in (None, total), f"the bytes of UID {uid} of {validity} changed")
        i.sum = total

    def token(self, validity, uid):
        with self.lock:
            i = self.instances.get((validity, uid))
            return i.token if i else None

    def known_changes(self, validity):
        """What everybody who asks from now on must be told: {uid: MODSEQ}, {uids that are gone}."""
        with self.lock:
            return dict(self.seq_of.get(validity, {})), set(self.expunged.get(validity, ()))

    def verify(self, truth):
        """When all is quiet.  truth: {validity: {uid: ...}}."""
        with self.lock:
            for v, messages in truth.items():
                for uid in messages:
                    self.acked.add((v, uid))
                check(not set(messages) & self.expunged.get(v, set()), f"expunged mail is there again in {v}")
            for v, uid in self.acked:
                if v in truth and uid not in truth[v]:
                    check((v, uid) in self.may_vanish, f"LOST: UID {uid} of {v}, {self.token(v, uid)}")
                check(v in truth or v in self.gone_boxes, f"LOST: the mailbox {v}")
            for v, top in self.top.items():
                there = sum(1 for w, _ in self.instances if w == v)
                check(top <= there + 500, f"UIDs are wasted: {top} for {there} messages of {v}")
            unexplained, seen = {}, set()
            for (v, uid), i in self.instances.items():
                if i.token is None:  # who is told of one asks what it is before it does anything with it
                    check(v in self.gone_boxes, f"nobody knows what UID {uid} of {v} was")
                    continue
                seen.add(i.token)
                if (v, uid) not in self.explained:
                    unexplained[i.token] = unexplained.get(i.token, 0) + 1
            for token, n in unexplained.items():
                most = self.uncertain.get(token, 0) + (token in self.delivered)
                check(n <= most, f"{token} is there {n - most} times too often")
            check(self.delivered <= seen, f"LOST: deliveries {self.delivered - seen}")
            for v, uid, before, after in self.changes:
                between = [s for s in self.instances[v, uid].flags_at if before < s < after]
                check(not between, f"UNCHANGEDSINCE {before} of UID {uid} of {v} passed over {between}")
