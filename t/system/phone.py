# SPDX-License-Identifier: MIT
# phone.py IMAP IMAPS [SEED]: a phone: many short connections, with STARTTLS or in TLS, that mostly end without LOGOUT, some
# in the middle of a literal; bodies in pieces; IDLE until the network changes; QRESYNC when it comes back.  What it
# has kept is then what the server has.
import base64
import random
import re
import socket
import struct
import sys
import time

from boxes import Server, attachment, mail, tls
from wire import Imap, connect

IMAP, IMAPS = map(int, sys.argv[1:3])
rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
FIELDS = "date subject from to cc message-id in-reply-to references content-type x-priority list-id"
server = Server(IMAP)  # everything else that has this mailbox


def numbers(text):
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        yield from range(int(first), int(last or first) + 1)


class Phone(Imap):
    """A connection; `kept`, what the phone knows of INBOX, outlives it."""
    kept, validity, seq = {}, 0, 0

    def __init__(self, resync=True):
        secure = rng.random() < 0.5
        sock = connect(IMAPS if secure else IMAP)
        super().__init__(tls.wrap_socket(sock, suppress_ragged_eofs=False) if secure else sock)
        self.do("CAPABILITY")
        if not secure:
            self.do("STARTTLS")
            super(Imap, self).__init__(tls.wrap_socket(sock, suppress_ragged_eofs=False))
        self.do("AUTHENTICATE PLAIN " + base64.b64encode(b"\0ann@example.test\0pw").decode())
        self.do('ID ("name" "phone" "os" NIL)')
        self.do("ENABLE QRESYNC")
        if resync:
            self.resync()

    def learn(self, answers):
        cls = type(self)
        for a in answers:
            if len(a) == 3 and a[1] == "FETCH":
                items = self.fetched(a)
                if "UID" in items:
                    if "FLAGS" in items:
                        cls.kept[int(items["UID"])] = frozenset(items["FLAGS"]) - {"\\Recent"}
                    if "MODSEQ" in items:
                        cls.seq = max(cls.seq, int(items["MODSEQ"][0]))
            elif m := re.match(rb"VANISHED (?:\(EARLIER\) )?([\d:,]+)$", a[0] if isinstance(a[0], bytes) else b""):
                for uid in numbers(m[1].decode()):
                    cls.kept.pop(uid, None)
        return answers

    def resync(self):
        cls = type(self)
        known = f" (QRESYNC ({cls.validity} {cls.seq}))" if cls.validity else ""
        answers = self.do("SELECT INBOX" + known)
        codes = b" ".join(a[0] for a in answers if isinstance(a[0], bytes))
        validity = int(re.search(rb"UIDVALIDITY (\d+)", codes)[1])
        assert cls.validity in (0, validity), "UIDVALIDITY has changed"
        self.learn(answers)
        if not cls.validity and b" 0 EXISTS" not in b" " + codes:
            self.learn(self.do("UID FETCH 1:* (FLAGS MODSEQ)"))
        cls.validity, cls.seq = validity, max(cls.seq, int(re.search(rb"HIGHESTMODSEQ (\d+)", codes)[1]))

    def hang_up(self, rudely=True):
        """Without LOGOUT: with a reset, as the network of a phone ends."""
        if rudely:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.file.close()
        self.sock.close()

    def body(self, uid, part, size=32768):
        """A part, piece by piece."""
        data, at = b"", 0
        while True:
            answers = self.do(f"UID FETCH {uid} (BODY.PEEK[{part}]<{at}.{size}>)")
            piece = self.fetched(next(a for a in answers if len(a) == 3))[f"BODY[{part}]<{at}>"]
            data += piece
            at += len(piece)
            if len(piece) < size:
                return data



def same(what):
    there = {uid: flags for uid, (flags, _) in server.box("INBOX").items()}
    assert Phone.kept == there, (what, {u: (Phone.kept.get(u), there.get(u)) for u in Phone.kept.keys() | there.keys() if Phone.kept.get(u) != there.get(u)})


def opening():
    """What it asks when the account is new, and an attachment in pieces."""
    p = Phone()
    p.do("NAMESPACE")
    folders = [p.parse(a[0])[1:] for a in p.do('LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ))')
               if isinstance(a[0], bytes) and a[0].startswith(b"LIST")]
    roles = {a for attributes, _, _ in folders for a in attributes}
    assert {"\\Sent", "\\Drafts", "\\Trash", "\\Junk"} <= roles, roles
    seen = 0
    for a in p.do(f"UID FETCH 1:* (INTERNALDATE UID RFC822.SIZE FLAGS BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS ({FIELDS})])"):
        items = p.fetched(a)
        header = next(v for v in items.values() if isinstance(v, bytes) and b"Message-ID:" in v)
        assert b"Message-ID: <" in header and header.endswith(b"\r\n\r\n"), header
        seen += 1
        if (n := int(items["UID"])) % 10 == 1:
            part = items["BODYSTRUCTURE"][1]
            assert part[0] == b"application" and int(part[6]) > 90000, part
            data = base64.b64decode(p.body(n, 2))
            assert data == attachment(n, 70000), "the attachment is another"
    assert seen == 30
    p.hang_up()
    same("opening")


def cut():
    """The connection ends in the middle of what the server says."""
    for i in range(12):
        p = Phone(resync=i % 2 == 0)
        if i % 2:
            p.do("EXAMINE INBOX")
        p.start("UID FETCH 1:* (FLAGS BODY.PEEK[])" if i % 3 else "UID FETCH 1 (BODY.PEEK[])")
        p.file.read(rng.randrange(1, 90000))
        p.hang_up(rudely=i % 4 != 3)
    same("cut")


def half_sent():
    """... and in the middle of what the client says: what is not whole never was; what is, is there once."""
    for i in range(12):
        data = mail(1000 + i, attached=100000)
        whole = f"a APPEND INBOX (\\Seen) {{{len(data)}+}}\r\n".encode() + data + b"\r\n"
        p = Phone()
        sent = len(whole) if i % 3 == 0 else rng.randrange(20, len(whole) - 2)
        p.send(whole[:sent])
        if sent == len(whole):
            p.file.peek(1)  # it is answered, but the answer is not looked at
        p.hang_up(rudely=sent < len(whole))
        p = Phone()  # it does not know whether the message came, and looks
        found = [a[0] for a in p.do(f'UID SEARCH HEADER Message-ID "<{1000 + i}@example.test>"') if a[0].startswith(b"SEARCH")]
        uids = [int(x) for x in b" ".join(found).split()[1:]]
        assert len(uids) == (sent == len(whole)), (i, uids, sent, len(whole))
        if uids:
            assert p.fetched(next(a for a in p.do(f"UID FETCH {uids[0]} (BODY.PEEK[])") if len(a) == 3))["BODY[]"] == data
        p.hang_up()
    same("half sent")


def change(n):
    """The others change something."""
    uids = sorted(server.box("INBOX"))
    some = ",".join(map(str, rng.sample(uids, min(len(uids), rng.randrange(1, 5)))))
    what = rng.randrange(5)
    if what == 0:
        server.put("INBOX", mail(2000 + n), rng.choice(("", "\\Seen", "\\Flagged $Forwarded")))
    elif what == 1:
        server.change("INBOX", some, ["UID STORE {} +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE {}"])
    elif what == 2:
        server.change("INBOX", some, ["UID STORE {} FLAGS (%s)" % rng.choice(("\\Seen", "\\Answered work", ""))])
    elif what == 3:
        server.change("INBOX", some, ["UID COPY {} INBOX"])
    else:
        server.change("INBOX", some, ["UID MOVE {} Trash"])


def idle_and_move():
    """IDLE; the network goes without a word; things happen; it comes back elsewhere."""
    left = []
    for n in range(25):
        p = Phone()
        same("resynchronized")
        if rng.random() < 0.7:
            p.start("IDLE")
            while not p.line().startswith(b"+"):
                pass
            if rng.random() < 0.5:  # it hears of one
                uid = server.put("INBOX", mail(3000 + n))
                while b" EXISTS" not in p.line():
                    pass
                assert uid
        if rng.random() < 0.3:
            p.hang_up(rudely=rng.random() < 0.5)
        else:
            left.append(p)  # the server knows nothing of it
        for i in range(rng.randrange(4)):
            change(n * 4 + i)
    assert len(left) > 10
    Phone()
    same("after 25 networks")
    for p in left:  # they were never closed: the server still has them, and lets them go
        p.hang_up()


def offline():
    """What was done without a network is done when there is one, and half of it twice, since no answer was seen."""
    todo = []
    uids = sorted(Phone.kept)
    todo += [f"UID STORE {u} +FLAGS (\\Flagged)" for u in uids[:5]] + [f"UID STORE {u} -FLAGS (\\Seen)" for u in uids[3:8]]
    todo += [f"UID MOVE {u} Archive" for u in uids[8:12]] + [f"UID STORE {u} +FLAGS (\\Deleted)" for u in uids[12:15]] + [f"UID EXPUNGE {uids[12]}:{uids[14]}"]
    there = {u: b for u, (_, b) in server.box("INBOX").items()}
    for command in todo:
        while True:
            p = Phone()
            p.start(command)
            if rng.random() < 0.5:
                p.hang_up(rudely=False)
                continue
            while not (line := p.line()).startswith(b"t"):
                pass
            assert b" OK" in line, line
            p.hang_up()
            break
    Phone().hang_up()
    same("offline")
    assert sorted(b for _, b in server.box("Archive").values()) == sorted(there[u] for u in uids[8:12]), "moved, each once"
    for u in uids[:3]:
        assert "\\Flagged" in Phone.kept[u]
    assert not set(uids[8:15]) & set(Phone.kept)


def many():
    """A user may have fifty sessions: those that broke count no more."""
    end = time.monotonic() + 60
    while True:
        held = []
        try:
            for _ in range(40):
                held.append(Phone(resync=False))
            break
        except ValueError:
            assert time.monotonic() < end, "sessions that are gone still count"
            time.sleep(0.2)
        finally:
            for p in held:
                p.hang_up()


for number in range(1, 31):
    server.put("INBOX", mail(number, attached=70000 if number % 10 == 1 else 0), "\\Seen" if number % 3 == 0 else "")
opening()
cut()
half_sent()
many()
idle_and_move()
offline()
many()
server.do("LOGOUT")
