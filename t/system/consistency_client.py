# SPDX-License-Identifier: MIT
# consistency_client.py: an IMAP client that believes what it is told, and checks that it may.
import collections
import re
import select
import socket
import ssl
import time
import zlib

from consistency_model import Mismatch, check, numbers, parse_set, set_text
from wire import Imap

TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


class Gone(Exception):
    """The server has ended the connection."""


class Refused(Exception):
    """NO."""


class Pipe:
    """Lines and literals off a socket, plain, over TLS or compressed; with a look whether one is there."""

    def __init__(self, port, secure):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            self.sock = TLS.wrap_socket(self.sock)
        self.buffer = b""
        self.inflate = self.deflate = None

    def compress(self):
        self.inflate, self.deflate = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)
        self.buffer = self.inflate.decompress(self.buffer)

    def send(self, data):
        if self.deflate:
            data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise Mismatch("the server does not read") from None
        except OSError as e:
            raise Gone(str(e)) from e

    def fill(self):
        try:
            data = self.sock.recv(1 << 16)
        except TimeoutError:
            raise Mismatch("no answer for two minutes") from None
        except OSError as e:
            raise Gone(str(e)) from e
        if not data:
            raise Gone("closed")
        self.buffer += self.inflate.decompress(data) if self.inflate else data

    def line(self):
        while (end := self.buffer.find(b"\r\n")) < 0:
            self.fill()
        line, self.buffer = self.buffer[:end + 2], self.buffer[end + 2:]
        return line

    def read(self, n):
        while len(self.buffer) < n:
            self.fill()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def has_line(self, seconds):
        end = time.monotonic() + seconds
        while b"\r\n" not in self.buffer:
            left = end - time.monotonic()
            pending = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
            if not pending and (left <= 0 or not select.select([self.sock], [], [], left)[0]):
                return False
            self.fill()
        return True

    def raw(self):
        data = self.line()
        while m := re.search(rb"\{(\d+)\}\r\n\Z", data[-24:]):
            data += self.read(int(m[1])) + self.line()
        return data[:-2]


class Box:
    """The selected mailbox as this client knows it."""

    def __init__(self, name):
        self.name = name
        self.validity = self.id = None
        self.read_only = False
        self.uids = []       # by sequence number - 1; None: not known yet
        self.flags = {}      # uid: frozenset
        self.seq = {}        # uid: MODSEQ
        self.highest = 0     # of what was told

    def known(self):
        return [u for u in self.uids if u is not None]


class Client:
    def __init__(self, model, ports, index):
        self.model, self.ports, self.index = model, ports, index
        self.mode = ("plain", "condstore", "qresync", "rev2", "qresync")[index % 5]
        self.pipe = self.box = None
        self.checkpoint = None   # (name, validity, highest, flags, seq): what QRESYNC begins with
        self.count = 0
        self.may_expunge = True
        self.answers = []
        self.codes = []
        self.said = collections.deque(maxlen=60)  # to be shown with a mismatch

    has_seq = property(lambda self: self.mode != "plain")

    def connect(self):
        self.box = None
        secure = self.index % 4 == 0
        self.pipe = Pipe(self.ports["imaps" if secure else "imap"], secure)
        greeting = self.pipe.line()
        if greeting.startswith(b"* BYE"):
            raise Gone(greeting)
        check(greeting.startswith(b"* OK"), "no greeting:", greeting)
        self.command("LOGIN ann@example.test pw")
        if self.index % 7 == 3:
            self.command("COMPRESS DEFLATE")
            self.pipe.compress()
        if self.mode != "plain":
            self.command("ENABLE " + {"condstore": "CONDSTORE", "qresync": "QRESYNC", "rev2": "IMAP4rev2 CONDSTORE"}[self.mode])

    def drop(self):
        if self.pipe:
            self.pipe.sock.close()
        self.pipe = self.box = None

    def begin(self, text):
        self.count += 1
        self.tag = f"c{self.count}"
        self.last = text
        self.answers, self.codes = [], []
        self.said.append(f"{time.monotonic():.3f} C: {text[:200]!r}")
        self.pipe.send(f"{self.tag} {text}\r\n".encode())

    def command(self, text, expunge=True):
        """The text behind OK; Refused at NO.  expunge: this command may tell of expunged messages."""
        self.begin(text)
        return self.finish(expunge)

    def finish(self, expunge=True):
        self.may_expunge = expunge
        while True:
            data = self.pipe.raw()
            if not data.startswith(b"* "):
                break
            self.take(data[2:])
        tag, how, text = data.decode().split(" ", 2)
        check(tag == self.tag, "not the tag of", self.last, ":", data[:200])
        self.note_code(text)
        if how == "NO":
            raise Refused(text)
        check(how == "OK", f"{self.last[:200]!r} was answered {data[:200]!r}")
        return text

    def note_code(self, text):
        if m := re.match(r"\[([^\]]*)\]", text):
            self.codes.append(m[1])
            if self.box and (h := re.match(r"HIGHESTMODSEQ (\d+)", m[1])):
                self.box.highest = max(self.box.highest, int(h[1]))

    def code(self, name):
        for c in self.codes:
            if c.split(" ")[0] == name:
                return c[len(name) + 1:]
        return None

    def take(self, data):
        """One untagged answer."""
        self.said.append(f"{time.monotonic():.3f} S: {data[:200]!r}")
        m = re.match(rb"(\d+) (EXISTS|EXPUNGE|RECENT|FETCH|UIDFETCH)", data)
        if data.startswith(b"BYE") and not self.last.startswith("LOGOUT"):
            raise Gone(data)
        if m and m[2] == b"FETCH":
            self.fetched(int(m[1]), Imap.parse(data)[2])
        elif m and m[2] == b"EXISTS":
            self.exists(int(m[1]))
        elif m and m[2] == b"EXPUNGE":
            check(self.may_expunge, "EXPUNGE during", self.last)
            check(self.mode != "qresync", "EXPUNGE with QRESYNC")
            check(0 < int(m[1]) <= len(self.box.uids), "EXPUNGE of", m[1], "of", len(self.box.uids))
            self.forget(self.box.uids.pop(int(m[1]) - 1))
        elif m and m[2] == b"RECENT":
            check(self.mode != "rev2", "RECENT in IMAP4rev2")
            check(int(m[1]) <= len(self.box.uids), "more recent messages than messages")
        elif data.startswith(b"VANISHED "):
            self.vanished(data[9:].decode())
        else:
            if data.startswith(b"OK "):
                self.note_code(data[3:].decode())
            self.answers.append(data)

    def exists(self, n):
        check(self.box is not None, "EXISTS without a mailbox")
        check(n >= len(self.box.uids), f"EXISTS {n} after {len(self.box.uids)} without EXPUNGE")
        self.box.uids += [None] * (n - len(self.box.uids))

    def forget(self, uid):
        if uid is None:
            return
        self.box.flags.pop(uid, None)
        self.box.seq.pop(uid, None)
        self.model.gone(self.box.validity, uid)

    def vanished(self, text):
        check(self.mode == "qresync", "VANISHED without QRESYNC")
        if text.startswith("(EARLIER) "):
            return  # of what SELECT knows, or else it comes once more, without EARLIER
        check(self.may_expunge, "VANISHED during", self.last)
        box = self.box
        for uid in numbers(text):
            if uid in box.flags or uid in box.uids:
                box.uids.remove(uid)
                self.forget(uid)
            else:
                # It must be one of those of which only EXISTS was told, between its neighbours.
                at = next((i for i, u in enumerate(box.uids) if u is not None and u > uid), len(box.uids)) - 1
                check(at >= 0 and box.uids[at] is None, f"VANISHED {uid}, which is not there")
                box.uids.pop(at)
                self.model.gone(box.validity, uid)

    def fetched(self, number, pairs):
        box = self.box
        check(0 < number <= len(box.uids), f"FETCH {number} of {len(box.uids)}")
        items = dict(zip(pairs[::2], pairs[1::2], strict=True))
        check(len(items) * 2 == len(pairs), "an item twice", pairs[::2])
        uid = box.uids[number - 1]
        if "UID" in items:
            told = int(items["UID"])
            check(uid in (None, told), f"{number} was UID {uid}, is {told} in {self.last}")
            uid = told
            if box.uids[number - 1] is None:
                self.place(number, uid)
        if uid is None:
            return  # flags of what it will ask for
        seq = int(items["MODSEQ"][0]) if "MODSEQ" in items else None
        check(seq is None or self.has_seq or "MODSEQ" in self.last, "MODSEQ to a client that does not know it")
        flags = frozenset(f for f in items["FLAGS"] if f != "\\Recent") if "FLAGS" in items else None
        if flags is not None:
            box.flags[uid] = flags
        if seq is not None:
            check(seq >= box.seq.get(uid, 0), f"MODSEQ of UID {uid} fell from {box.seq.get(uid)} to {seq}")
            box.seq[uid] = seq
            box.highest = max(box.highest, seq)
        envelope = items.get("ENVELOPE")
        token = re.fullmatch(rb"<(T\d+)@model\.test>", envelope[9])[1].decode() if envelope else None
        self.model.told(box.validity, uid, token=token, seq=seq, flags=flags, data=items.get("BODY[]"),
                        size=int(items["RFC822.SIZE"]) if "RFC822.SIZE" in items else None, date=items.get("INTERNALDATE"),
                        email=items["EMAILID"][0] if "EMAILID" in items else None)
        self.answers.append((number, uid, items))

    def place(self, number, uid):
        box = self.box
        before = [u for u in box.uids[:number - 1] if u is not None]
        after = [u for u in box.uids[number:] if u is not None]
        check((not before or before[-1] < uid) and (not after or uid < after[0]), f"UID {uid} at {number} is out of order")
        box.uids[number - 1] = uid

    # What more than one command needs.

    def select(self, name, read_only=False, resync=False):
        """False: there is no such mailbox."""
        known = self.checkpoint if resync and self.checkpoint and self.checkpoint[0] == name else None
        self.box = Box(name)
        self.box.read_only = read_only
        text = f'{"EXAMINE" if read_only else "SELECT"} "{name}"'
        if known:
            text += f" (QRESYNC ({known[1]} {known[2]}))"
            self.box.flags, self.box.seq = dict(known[3]), dict(known[4])
        self.begin(text)
        waiting = []  # until it is known which mailbox this is
        self.may_expunge = True
        first = None
        while True:
            data = self.pipe.raw()
            if not data.startswith(b"* "):
                break
            if self.box.validity is None and (m := re.search(rb"UIDVALIDITY (\d+)", data)):
                self.box.validity = int(m[1])
                if known and known[1] != self.box.validity:
                    known, self.box.flags, self.box.seq = None, {}, {}
            # What others did meanwhile may follow the answers: VANISHED, and then the EXISTS that counts from there.
            is_later = first is not None and b" EXISTS" in data
            if m := re.match(rb"\* (\d+) EXISTS", data):
                first = int(m[1]) if first is None else first
            if known and (is_later or re.match(rb"\* (VANISHED|\d+ FETCH)", data)):
                waiting.append(data[2:])
            else:
                self.take(data[2:])
        tag, how, text = data.decode().split(" ", 2)
        check(tag == self.tag, "not the tag of SELECT")
        if how == "NO":
            self.box = None
            check("NONEXISTENT" in text, "SELECT was refused:", text)
            return False
        check(how == "OK", data)
        if known:
            self.resync(waiting, first)
        return True

    def resync(self, answers, first):
        """RFC 7162 §3.2.5: what the client knew and these answers are together the truth."""
        box = self.box
        most = first
        for data in answers:
            if m := re.match(rb"(\d+) EXISTS", data):
                most = max(most, int(m[1]))
            elif data.startswith(b"VANISHED ") and not data.startswith(b"VANISHED (EARLIER) "):
                most += sum(1 for _ in numbers(data.decode().split(" ")[1]))
            if data.startswith(b"VANISHED (EARLIER) "):
                for a, b in parse_set(data.decode().split(" ")[-1]):
                    for uid in [u for u in box.flags if a <= u <= b]:
                        self.forget(uid)
        for data in answers:
            if m := re.match(rb"\d+ FETCH", data):
                items = dict(zip(*[iter(Imap.parse(data)[2])] * 2, strict=True))
                box.flags.setdefault(int(items["UID"]), frozenset())
        box.uids = sorted(box.flags)
        check(len(box.uids) >= first, f"QRESYNC leads to {len(box.uids)} messages, EXISTS said {first}")
        check(len(box.uids) <= most, f"QRESYNC leads to {len(box.uids)} messages, at most {most} were said to be there")
        for data in answers:
            self.take(data)
        nameless = [u for u in box.known() if not self.model.token(box.validity, u)]
        if nameless:
            self.command(f"UID FETCH {set_text(nameless)} (UID ENVELOPE)")

    def learn(self):
        """Asks for what has come; afterwards every sequence number has its UID."""
        while self.box and None in self.box.uids:
            number = self.box.uids.index(None) + 1
            self.command(f"FETCH {number}:* (UID FLAGS RFC822.SIZE ENVELOPE{' MODSEQ' if self.has_seq else ''})", expunge=False)
            # By number an expunged message is shown all the same.
            check(None not in self.box.uids[:number], "FETCH left out", number)

    def noop(self, text="NOOP"):
        """Afterwards what anybody knew before is known here."""
        box = self.box
        seqs, gone = self.model.known_changes(box.validity)
        self.command(text)
        highest = box.highest  # what learn() is told may be later than an expunge that it is not told
        self.learn()
        if highest:
            self.checkpoint = (box.name, box.validity, highest, dict(box.flags), dict(box.seq))
        there = set(box.uids)
        check(not there & gone, f"{text} does not tell that UIDs {there & gone} of {box.validity} are gone")
        for uid, seq in seqs.items():
            if uid not in there:
                check(box.validity in self.model.gone_boxes or (box.validity, uid) in self.model.may_vanish,
                      f"{text} does not tell of UID {uid} of {box.validity}")
            elif self.has_seq:
                check(box.seq.get(uid, 0) >= seq, f"{text} does not tell that UID {uid} of {box.validity} changed at {seq}, but {box.seq.get(uid)}")
