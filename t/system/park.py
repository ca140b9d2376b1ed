# SPDX-License-Identifier: MIT
# park.py PREFIX JDCTL IMAP IMAPS POP3: see park.sh.
import os
import random
import select
import socket
import ssl
import subprocess
import sys
import time

PREFIX, JDCTL = sys.argv[1:3]
IMAP, IMAPS, POP3 = map(int, sys.argv[3:6])
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE


def ctl(*args):
    subprocess.run([JDCTL, "--prefix", PREFIX, *args], check=True, stdout=subprocess.DEVNULL)


def workers():
    with open(f"{PREFIX}/run/sessiond.lock") as f:
        master = f.read().strip()
    with open(f"/proc/{master}/task/{master}/children") as f:
        return f.read().split()


def has_connection(pid):
    return os.path.exists(f"/proc/{pid}/fd/0")


def wait_until(true):
    for _ in range(300):
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("did not come true")


def all_parked():
    wait_until(lambda: not any(has_connection(p) for p in workers()))


class Client:
    def __init__(self, user="ann", secure=False, login="OK"):
        s = socket.create_connection(("127.0.0.1", IMAPS if secure else IMAP), timeout=20)
        self.sock = tls.wrap_socket(s, suppress_ragged_eofs=False) if secure else s
        self.file = self.sock.makefile("rb")
        assert self.file.readline().startswith(b"* OK")
        answer = self.do(f"l LOGIN {user}@example.test pw")
        assert answer[-1].startswith(f"l {login}".encode()), answer
        self.greeting = answer[-1]

    def send(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def do(self, text):
        self.send(text)
        tag, lines = text.split()[0].encode() + b" ", []
        while not lines or not (lines[-1].startswith(tag) or lines[-1].startswith(b"+ ")):
            lines.append(self.file.readline())
            assert lines[-1], f"closed: {lines}"
        return lines

    def expect(self, *wanted):
        for w in wanted:
            got = self.line()
            assert got == w, f"{got!r}, expected {w!r}"


def append(c, n=1):
    for _ in range(n):
        assert c.do("a APPEND INBOX {10+}\r\nSubject: x")[-1].startswith(b"a OK")


def numbers(secure):
    other = Client()
    other.do("s SELECT INBOX")
    other.do("d STORE 1:* +FLAGS (\\Deleted)")
    other.do("e EXPUNGE")
    append(other, 5)
    other.do("n NOOP")
    idler, quiet = Client(secure=secure), Client(secure=secure)
    for c in (idler, quiet):
        assert b"* 5 EXISTS\r\n" in c.do("s SELECT INBOX")
    idler.do("i IDLE")
    all_parked()
    other.do("f STORE 2 +FLAGS (\\Flagged \\Deleted)")
    idler.expect("* 2 FETCH (FLAGS (\\Flagged \\Deleted))")
    all_parked()
    other.do("f STORE 4 +FLAGS (\\Deleted)")
    other.do("e EXPUNGE")
    lines = [idler.line()]
    if "FETCH" in lines[0]:  # it may be told of the flag before, or never
        lines = [idler.line()]
    assert lines + [idler.line()] == ["* 2 EXPUNGE", "* 3 EXPUNGE"], lines
    all_parked()
    append(other)
    got = idler.line()
    assert got == "* 4 EXISTS", got
    idler.line()  # RECENT
    # The one that does not idle still has five; it is told by NOOP, not by FETCH.
    fetched = quiet.do("f FETCH 5 UID")
    assert any(x.startswith(b"* 5 FETCH (UID ") for x in fetched) and not any(b"EXPUNGE" in x for x in fetched), fetched
    told = quiet.do("n NOOP")
    assert told.index(b"* 2 EXPUNGE\r\n") < told.index(b"* 3 EXPUNGE\r\n"), told
    exists = [x for x in fetched + told if b"EXISTS" in x][-1]
    assert exists in (b"* 6 EXISTS\r\n", b"* 4 EXISTS\r\n"), exists
    assert quiet.do("f FETCH 4 UID")[0].startswith(b"* 4 FETCH")
    idler.send("DONE")
    idler.expect("i OK IDLE ended")
    for c in (idler, quiet, other):
        c.do("o LOGOUT")


def timing():
    """Commands that come just as the session is parked, a byte at a time too."""
    c = Client()
    c.do("s SELECT INBOX")
    for i in range(40):
        time.sleep(0.18 + random.random() * 0.04)
        if i % 2:
            c.sock.sendall(b"x NO")
            time.sleep(random.random() * 0.3)
            c.sock.sendall(b"OP\r\n")
            assert c.line() == "x OK NOOP done"
        else:
            assert c.do("x NOOP") == [b"x OK NOOP done\r\n"]
    c.do("o LOGOUT")


def limits():
    """50 sessions, however many of them are parked, before and after a reload."""
    held = [Client(secure=i % 5 == 0) for i in range(48)]
    held[0].do("s SELECT INBOX")
    held[0].do("i IDLE")
    all_parked()
    busy = Client()
    busy.send("x APPEND INBOX {10}")
    assert busy.line().startswith("+")  # it cannot be parked
    wait_until(lambda: sum(has_connection(p) for p in workers()) == 1)
    ctl("reload")

    def has_room():
        try:
            held.append(Client())
            return True
        except AssertionError:
            return False
    wait_until(has_room)  # the doors of before may say BYE
    Client(login="NO")
    busy.send("0123456789")
    wait_until(lambda: busy.line().startswith("x OK"))
    assert held[0].line().endswith("EXISTS")
    for c in held[1:20]:
        assert c.do("n NOOP")[-1] == b"n OK NOOP done\r\n"
    Client(login="NO")
    all_parked()
    for c in held[20:40]:
        c.sock.close()
        c.file.close()
    for _ in range(20):
        wait_until(has_room)
    Client(login="NO")
    assert Client(user="bob").do("n NOOP")[-1] == b"n OK NOOP done\r\n"  # another user has his own
    return [c for c in held[:20] + held[41:]] + [busy]


def memory():
    """Kilobytes of the processes that sessions are with, what they share counted once."""
    total = 0
    for p in subprocess.run(["pgrep", "-f", f"bin/(frontd|sessiond) --prefix {PREFIX}"], check=False, capture_output=True, text=True).stdout.split():
        try:
            with open(f"/proc/{p}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def alone(secure):
    """A user's only session, in IDLE: it rests, before and after news, and needs no process."""
    c, other = Client("u0", secure), Client("u0")
    c.do("s SELECT INBOX")
    c.do("i IDLE")
    for n in range(2):
        if n:
            append(other)
            assert c.line().endswith(" EXISTS")
            c.line()  # RECENT
            other.do("o LOGOUT")
        all_parked()
        wait_until(lambda: not workers())
    c.send("DONE\r\no LOGOUT")
    assert any(c.line().startswith("o OK") for _ in range(5))


USERS = [f"u{i}" for i in range(10)]


def small(secure, limit):
    """What 250 sessions in IDLE cost, and who of them is told of a delivery.  A process each would be 300 KB, TLS
    with its buffers 50 KB."""
    for u in USERS:
        Client(u).do("o LOGOUT")
    wait_until(lambda: not workers())  # they have waited for the next session in vain
    before, held = memory(), []
    for u in USERS:
        for _ in range(25):
            c = Client(u, secure)
            c.user = u
            c.do("s SELECT INBOX")
            c.do("i IDLE")
            held.append(c)
    all_parked()
    wait_until(lambda: not workers())
    each = (memory() - before) / len(held)
    print(f"a session in IDLE{' over TLS' if secure else ''}: {each:.1f} KB")
    assert each < limit, each
    poll = select.poll()
    by_fd = {c.sock.fileno(): c for c in held}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    assert not poll.poll(0), "somebody was told something"
    subprocess.run([f"{os.path.dirname(JDCTL)}/sendmail", "-f", "out@elsewhere.test", "u3@example.test"], check=True, input=b"Subject: news\n\nx\n",
                   env={**os.environ, "JDMAIL_PREFIX": PREFIX})
    for c in held:
        if c.user == "u3":
            assert c.line().endswith(" EXISTS")
            c.line()  # RECENT
    all_parked()
    others = [by_fd[fd].user for fd, _ in poll.poll(0)]
    assert not others, others
    for c in held:
        c.send("DONE\r\no LOGOUT")
        while not (line := c.line()).startswith("o OK"):
            assert "EXISTS" not in line, line


def pushed():
    """NOTIFY tells without IDLE: of the selected mailbox while parked, of the others from a process."""
    parked, watching, other = Client(), Client(), Client()
    assert any(b"EXISTS" in x for x in parked.do("s SELECT INBOX"))
    parked.do("n NOTIFY SET (SELECTED (MessageNew (BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge))")
    watching.do("n NOTIFY SET (PERSONAL (MessageNew MessageExpunge MailboxName SubscriptionChange MailboxMetadataChange))")
    wait_until(lambda: sum(has_connection(p) for p in workers()) == 1)  # the one that watches more stays
    append(other)
    wait_until(lambda: parked.line().endswith("FETCH (BODY[HEADER.FIELDS (SUBJECT)] {14}"))
    parked.expect("Subject: x", "", ")")
    got = watching.line()
    assert got.startswith("* STATUS INBOX (MESSAGES "), got
    other.do("c CREATE pushed")
    watching.expect('* LIST (\\HasNoChildren) "/" pushed')
    other.do("c SUBSCRIBE pushed")
    watching.expect('* LIST (\\Subscribed \\HasNoChildren) "/" pushed')
    other.do('c SETMETADATA pushed (/private/comment "x")')
    watching.expect("* METADATA pushed /private/comment")
    append(other)
    wait_until(lambda: parked.line().endswith("FETCH (BODY[HEADER.FIELDS (SUBJECT)] {14}"))
    parked.expect("Subject: x", "", ")")
    assert parked.do("x NOTIFY NONE")[-1].startswith(b"x OK")
    watching.line()
    other.do("c DELETE pushed")
    watching.expect('* LIST (\\NonExistent \\Subscribed \\HasNoChildren) "/" pushed')
    for c in (parked, watching, other):
        c.do("o LOGOUT")


def polls():
    """Who comes again soon meets the same process."""
    seen = set()
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", POP3), timeout=20)
        f = s.makefile("rb")
        s.sendall(b"USER bob@example.test\r\nPASS pw\r\nSTAT\r\nQUIT\r\n")
        assert [f.readline()[:3] for _ in range(5)] == [b"+OK"] * 5
        s.close()
        seen.update(workers())
    assert len(seen) <= 3, seen


def set_key(before, after):
    with open(f"{PREFIX}/etc/jdmail.toml", encoding="utf-8") as f:
        text = f.read()
    assert before in text
    with open(f"{PREFIX}/etc/jdmail.toml", "w", encoding="utf-8") as f:
        f.write(text.replace(before, after))
    ctl("reload")


def deleted():
    """The mailbox of a parked session, which hears of it when it speaks next."""
    other = Client()
    other.do("c CREATE short-lived")
    idler, quiet = Client(), Client(secure=True)
    for c in (idler, quiet):
        c.do("s SELECT short-lived")
    idler.do("i IDLE")
    all_parked()
    assert other.do("d DELETE short-lived")[-1].startswith(b"d OK")
    quiet.send("n NOOP")
    idler.send("DONE")
    for c in (idler, quiet):
        c.expect("* BYE the selected mailbox was deleted")
        assert c.file.read() == b""
    other.do("o LOGOUT")


def message_limit():
    """RFC 9738: the front door and the session show the same limit, and a parked session keeps what it was told."""
    def shown(lines):
        return [w.rstrip(b"]") for w in b" ".join(lines).split() if b"MESSAGELIMIT" in w]

    free = Client("u6")
    set_key("imap_message_limit = 0", "imap_message_limit = 1000")
    limited = Client("u6")
    assert shown([limited.greeting]) == [b"MESSAGELIMIT=1000"], limited.greeting
    assert shown(limited.do("c CAPABILITY")) == [b"MESSAGELIMIT=1000"]
    set_key("imap_message_limit = 1000", "imap_message_limit = 0")
    all_parked()
    assert shown(limited.do("c CAPABILITY")) == [b"MESSAGELIMIT=1000"]
    for c in (free, Client("u6")):
        assert shown([c.greeting]) == shown(c.do("c CAPABILITY")) == []
    assert limited.do("o LOGOUT")[-1].startswith(b"o OK") and free.do("o LOGOUT")[-1].startswith(b"o OK")


def too_long():
    """RFC 3501 §5.4: who says nothing for imap_idle is logged out, and told so: parked, in IDLE and not, in TLS and not."""
    set_key('imap_idle = "30m"', 'imap_idle = "3s"')
    clients = [(Client("u5", secure), secure) for secure in (False, True, False, True)]
    for i, (c, _) in enumerate(clients):
        c.do("s SELECT INBOX")
        if i < 2:
            c.do("i IDLE")
    all_parked()
    for c, _ in clients:
        assert c.line() == "* BYE idle for too long"
        assert c.file.read() == b""  # in TLS with a close_notify, else this raises
    Client("u5").do("o LOGOUT")


polls()
alone(False)
alone(True)
small(False, 12)
small(True, 30)
numbers(False)
numbers(True)
timing()
pushed()
deleted()
message_limit()
held = limits()
held[0].line()
all_parked()
too_long()
ctl("stop")
for c in held[:3] + held[-3:]:
    last = c.line()
    while last.startswith("* ") and "BYE" not in last:
        last = c.line()
    assert last == "* BYE shutting down", last
