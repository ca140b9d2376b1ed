# SPDX-License-Identifier: MIT
# hostile_mail.py PREFIX SMTP IMAP POP3: see hostile_mail.sh.  ONLY=name tries one message alone.
import os
import subprocess
import sys
import time

from wire import Imap, Pop3, Smtp, connect

PREFIX, SMTP, IMAP, POP3 = sys.argv[1], *map(int, sys.argv[2:5])
sys.setrecursionlimit(20000)
HEAD = b"From: a@b.test\r\nSubject: needle one\r\nDate: 1 Mar 2026 10:00:00 +0000\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary="


def deep(levels):
    """Each part is a multipart whose boundary is its own."""
    parts = [b"%sb%d\r\n\r\n--b%d\r\n" % (MIXED, i, i) for i in range(levels)]
    return HEAD + b"".join(parts) + b"Content-Type: text/plain\r\n\r\nneedle inside\r\n"


def letters_in_letters(levels):
    return HEAD + b"Content-Type: message/rfc822\r\n\r\nSubject: within\r\n" * levels + b"\r\nneedle inside\r\n"


def parts(count, body=b"x"):
    return HEAD + MIXED + b"b\r\n\r\n" + (b"--b\r\n\r\n" + body + b"\r\n") * count + b"--b--\r\n"


def messages():
    text = b"Content-Type: text/plain\r\n\r\n"
    yield "plain", HEAD + b"\r\nneedle inside\r\n"
    yield "1,000 deep", deep(1000)
    yield "100,000 deep", deep(100_000)
    yield "100,000 deep, one boundary", HEAD + (MIXED + b"b\r\n\r\n--b\r\n") * 100_000
    yield "1,000 letters in letters", letters_in_letters(1000)
    yield "100,000 letters in letters", letters_in_letters(100_000)
    yield "1,000,000 parts", parts(1_000_000)
    yield "100,000 parts with headers", HEAD + MIXED + b"b\r\n\r\n" + b"--b\r\nContent-Type: text/html; charset=gbk\r\nContent-Disposition: attachment; filename=x\r\n\r\n<b>x\r\n" * 100_000
    yield "100,000 header lines", HEAD + b"".join(b"X-%d: y\r\n" % i for i in range(100_000)) + b"\r\nneedle inside\r\n"
    yield "100,000 Subjects", b"Subject: needle one\r\n" * 100_000 + b"\r\nbody\r\n"
    yield "a header line of 8 MB", HEAD + b"X-Long: " + b"x" * (8 << 20) + b"\r\n\r\nneedle inside\r\n"
    yield "a Subject of 8 MB", b"Subject: needle " + b"y" * (8 << 20) + b"\r\n\r\nbody\r\n"
    yield "a Subject folded 500,000 times", b"Subject: needle\r\n" + b" x\r\n" * 500_000 + b"\r\nbody\r\n"
    yield "300,000 encoded words", b"Subject: needle " + b"=?gbk?b?1tDOxA==?= " * 300_000 + b"\r\n\r\nbody\r\n"
    yield "a References of 4 MB", HEAD + b"References: " + b" ".join(b"<%d@x>" % i for i in range(400_000)) + b"\r\n\r\nneedle inside\r\n"
    yield "1,000,000 addresses", HEAD + b"To: " + b", ".join(b"u%d@x.test" % i for i in range(1_000_000)) + b"\r\n\r\nneedle inside\r\n"
    yield "100,000 groups", HEAD + b"To: " + b"g:;, " * 100_000 + b"\r\n\r\nneedle inside\r\n"
    yield "unclosed comments", HEAD + b"To: " + b"(" * 1_000_000 + b"\r\nCc: " + b"<" * 1_000_000 + b"\r\n\r\nneedle inside\r\n"
    yield "RFC 2231 in 100,000 pieces", HEAD + b"Content-Type: text/plain;\r\n" + b"".join(b" name*%d=x;\r\n" % i for i in range(100_000)) + b"\r\nneedle inside\r\n"
    yield "RFC 2231 pieces of huge numbers", HEAD + b"Content-Type: text/plain; name*4294967295*=utf-8''x; name*99999999999999999999=y; name*0*=''%\r\n\r\nneedle inside\r\n"
    yield "100,000 parameters", HEAD + b"Content-Type: text/plain" + b"".join(b"; p%d=v" % i for i in range(100_000)) + b"\r\n\r\nneedle inside\r\n"
    yield "a boundary of 1 MB", HEAD + MIXED + b"b" * (1 << 20) + b"\r\n\r\n--" + b"b" * (1 << 20) + b"\r\n\r\nx\r\n"
    yield "lines that are nearly boundaries", HEAD + MIXED + b"b\r\n\r\n--b\r\n\r\n" + b"--bb\r\n-- b\r\n" * 500_000
    yield "no boundary", HEAD + b"Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nneedle inside\r\n"
    yield "an empty boundary", HEAD + MIXED + b'""\r\n\r\n--\r\n\r\nneedle inside\r\n--\r\n'
    yield "no parts", HEAD + MIXED + b"b\r\n\r\n"
    yield "a charset that nobody knows", HEAD + b"Content-Type: text/plain; charset=x-nowhere\r\n\r\nneedle \xd6\xd0\r\n"
    yield "a charset like a path", HEAD + b'Content-Type: text/plain; charset="../../etc/passwd,option=1"\r\n\r\nneedle\r\n'
    yield "8-bit headers", b"From: \xd6\xd0\xce\xc4 <\xff@\xfe>\r\nSubject: needle \xd6\xd0\xce\xc4\r\nContent-Type: text/\xe9; n\xe9=\xe9\r\n\r\nbody\r\n"
    yield "quotes and backslashes", b'From: "a\\"b\\\\" <"x\\"y"@z>\r\nSubject: needle "\\ \\" {3}\r\nContent-Type: text/plain; name="\\"\\\\"\r\n\r\nbody\r\n'
    yield "literals in quotes", b"Subject: needle {100000000}\r\nFrom: {5}\r\nContent-ID: <{9}>\r\n\r\nbody\r\n"
    yield "bare LF and CR", b"Subject: needle\nFrom: a@b\rX: y\n\nbody\rneedle inside\n"
    yield "no header", b"\r\nneedle inside\r\n"
    yield "no body", b"Subject: needle"
    yield "one byte", b"x"
    yield "base64 of nothing", HEAD + b"Content-Transfer-Encoding: base64\r\n" + text + b"=" * (4 << 20) + b"\r\n"
    yield "quoted-printable of blanks", HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n" + text + (b" " * 76 + b"=\r\n") * 50_000
    yield "an unknown encoding", HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n" + text + b"needle inside\r\n"
    yield "html of tags", HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a <!-- <script &#" * 200_000
    yield "16 MB in one line", HEAD + text + b"x" * (16 << 20) + b"needle inside\r\n"
    yield "16 MB of base64", HEAD + b"Content-Transfer-Encoding: base64\r\n" + text + (b"QUJD" * 19 + b"\r\n") * ((16 << 20) // 78)


def is_string(x):
    return x is None or isinstance(x, bytes)


def need(true, *what):
    if not true:
        raise ValueError(" ".join(map(str, what)))


def check_envelope(e):
    need(isinstance(e, list) and len(e) == 10, "no ENVELOPE", str(e)[:200])
    for i in (0, 1, 8, 9):
        need(is_string(e[i]), "no string in the ENVELOPE", str(e[i])[:200])
    for addresses in e[2:8]:
        need(addresses is None or (addresses and isinstance(addresses, list)), "no addresses", str(addresses)[:200])
        for a in addresses or []:
            need(isinstance(a, list) and len(a) == 4 and all(map(is_string, a)), "no address", str(a)[:200])


def check_params(p):
    need(p is None or (p and len(p) % 2 == 0 and all(isinstance(x, bytes) for x in p)), "no parameters", str(p)[:200])


def check_tail(t):
    """disposition, language, location (RFC 3501 §9 body-fld-dsp ...)."""
    need(len(t) == 3, "not three extensions", str(t)[:200])
    if t[0] is not None:
        need(len(t[0]) == 2 and isinstance(t[0][0], bytes), "no disposition", str(t[0])[:200])
        check_params(t[0][1])
    need(is_string(t[1]) or all(isinstance(x, bytes) for x in t[1]), "no language", str(t[1])[:200])
    need(is_string(t[2]), "no location", str(t[2])[:200])


def check_body(b, extended):
    """The grammar of RFC 3501 §9, body."""
    need(isinstance(b, list) and b, "no body", str(b)[:200])
    if isinstance(b[0], list):
        n = next(i for i, x in enumerate(b) if not isinstance(x, list))
        for part in b[:n]:
            check_body(part, extended)
        need(isinstance(b[n], bytes), "no subtype", str(b[n])[:200])
        need(len(b) == (n + 5 if extended else n + 1), "a multipart of", len(b))
        if extended:
            check_params(b[n + 1])
            check_tail(b[n + 2:])
        return
    need(len(b) >= 7 and isinstance(b[0], bytes) and isinstance(b[1], bytes), "no type", str(b)[:200])
    check_params(b[2])
    need(is_string(b[3]) and is_string(b[4]) and isinstance(b[5], bytes) and b[6].isdigit(), "no fields", str(b[3:7])[:200])
    rest = b[7:]
    if (b[0].upper(), b[1].upper()) == (b"MESSAGE", b"RFC822"):
        check_envelope(rest[0])
        check_body(rest[1], extended)
        rest = rest[2:]
    if b[0].upper() == b"TEXT" or b[1].upper() == b"RFC822" and b[0].upper() == b"MESSAGE":
        need(rest[0].isdigit(), "no lines", str(rest)[:200])
        rest = rest[1:]
    need(len(rest) == (4 if extended else 0), "extensions", str(rest)[:200])
    if extended:
        need(is_string(rest[0]), "no MD5", rest[0])
        check_tail(rest[1:])


def log_in():
    c = Imap(connect(IMAP))
    c.sock.settimeout(200)
    c.do("LOGIN ann@example.test pw")
    return c


def peak():
    """Megabytes, the most that a process of a session has had."""
    with open(f"{PREFIX}/run/sessiond.lock") as f:
        master = f.read().strip()
    most = 0
    with open(f"/proc/{master}/task/{master}/children") as f:
        for pid in f.read().split():
            try:
                with open(f"/proc/{pid}/status") as s:
                    most = max([most] + [int(line.split()[1]) >> 10 for line in s if line.startswith("VmHWM")])
            except OSError:
                pass
    return most


def ask(c, command):
    begin = time.monotonic()
    answers = c.do(command)
    took = time.monotonic() - begin
    if took > 2:
        print(f"  {took:.1f} s: {command}")
    return answers


def refused(c, command):
    try:
        return ask(c, command)
    except ValueError as e:
        need(b" NO [UNKNOWN-CTE]" in e.args[0], e)
        return []


def read(c, n, size):
    """What clients ask for of one message."""
    for command, item, true in [
            (f"FETCH {n} ENVELOPE", "ENVELOPE", check_envelope),
            (f"FETCH {n} BODYSTRUCTURE", "BODYSTRUCTURE", lambda b: check_body(b, True)),
            (f"FETCH {n} BODY", "BODY", lambda b: check_body(b, False)),
            (f"FETCH {n} PREVIEW", "PREVIEW", lambda p: need(is_string(p) and len(p or b"") <= 1000, "no preview"))]:
        items = c.fetched(next(a for a in ask(c, command) if len(a) > 2 and a[1] == "FETCH"))
        true(items[item])
    need(int(c.fetched(ask(c, f"FETCH {n} RFC822.SIZE")[0])["RFC822.SIZE"]) == size, "RFC822.SIZE")
    for section in ("1", "1.1.1", "2.MIME", "1.HEADER", "1.1.TEXT", "999999.1", ".".join(["1"] * 100), "HEADER", "TEXT"):
        ask(c, f"FETCH {n} BODY.PEEK[{section}]")
    for section in ("1", "1.1.1", "2"):
        refused(c, f"FETCH {n} BINARY.SIZE[{section}]")
        refused(c, f"FETCH {n} BINARY.PEEK[{section}]<0.1000>")
    ask(c, f"FETCH {n} BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID REFERENCES CONTENT-TYPE)]")


def append(box, name, data):
    box.send(f"a APPEND INBOX {{{len(data)}+}}\r\n".encode())
    box.send(data + b"\r\n")
    line = box.line()
    need(line.startswith(b"a OK"), name, line)


def by_pop3(sizes, utf8):
    """With UTF8 as it is stored, without it headers are in ASCII form; what LIST says is what RETR sends."""
    c = Pop3(connect(POP3))
    c.sock.settimeout(200)
    if utf8:
        c.command("UTF8")
    c.command("USER ann@example.test")
    c.command("PASS pw")
    c.send(b"LIST\r\n")
    listed = [int(line.split()[1]) for line in c.lines().splitlines()]
    need(len(listed) == len(sizes), "LIST", listed)
    for n, (name, size) in enumerate(sizes, 1):
        c.send(b"TOP %d 1\r\n" % n)
        need(len(c.lines()) <= size + 2 or "bare" in name or not utf8, "TOP of", name)
        c.send(b"RETR %d\r\n" % n)
        got = c.lines()
        need(len(got) == listed[n - 1], "RETR of", name, len(got), "LIST says", listed[n - 1])
        need(len(got) in (size, size + 2) or "bare" in name or not utf8, "RETR of", name, len(got), size)
    c.command("QUIT")


def by_smtp():
    """What comes from strangers: taken or refused with a reason, and the connection goes on."""
    c = Smtp(connect(SMTP))
    c.command("EHLO x.test", 250)
    taken = []
    for name, data in (("deep", deep(1000)), ("8-bit", b"Subject: needle \xd6\xd0\xce\xc4\r\n\r\n\xff\r\n"), ("NUL", HEAD + b"\r\nneedle \0 inside\r\n"),
                       ("NUL in the header", b"Subject: nee\0dle\r\n\r\nbody\r\n"), ("a line of 8 MB", HEAD + b"\r\n" + b"x" * (8 << 20) + b"\r\n"),
                       ("no header", b"\xff\r\n"), ("plain", HEAD + b"\r\nneedle inside\r\n")):
        code, answer = c.message("x@x.test", "ann@example.test", data)
        need(code in (250, 550, 554, 552, 500), name, code, answer)
        if code == 250:
            taken.append(name)
        elif os.environ.get("VERBOSE"):
            print(f"{name}: {code} {answer}")
    need("deep" in taken and "8-bit" in taken and "plain" in taken, "SMTP took only", taken)
    return len(taken)


def by_import():
    """Old mail is as it is: with NULs, bare LFs and no end."""
    box = f"{PREFIX}/old.mbox"
    with open(box, "wb") as f:
        for m in (b"Subject: needle\n\nN\0U\0L\n", b"Subject: n\0l\nContent-Type: text/plain; name=\"a\0b\"\n\n\0\n", b"\0\0\0\n", b"Subject: needle\r\n\r\rx\n\n\r\n"):
            f.write(b"From x@x.test Sun Mar  1 10:00:00 2026\n" + m + b"\n")
    subprocess.run([f"{os.environ['B']}/jdctl", "--prefix", PREFIX, "mailbox", "import", "ann@example.test", "--folder", "Old", box], check=True, stdout=subprocess.DEVNULL)
    c = log_in()
    count = int(next(a for a in c.do("SELECT Old") if a[0].endswith(b" EXISTS"))[0].split()[0])
    need(count == 4, "imported", count)
    for n in range(1, count + 1):
        items = c.fetched(ask(c, f"FETCH {n} (RFC822.SIZE BODY.PEEK[])")[0])
        need(b"\0" not in items["BODY[]"], "a NUL is sent")
        read(c, n, len(items["BODY[]"]))
    ask(c, "SEARCH TEXT needle")
    c.sock.close()


only = os.environ.get("ONLY")
box = log_in()
sizes = []
for name, data in messages():
    if only and only != name:
        continue
    begin = time.monotonic()
    append(box, name, data)
    sizes.append((name, len(data)))
    took = time.monotonic() - begin
    if took > 2:
        print(f"  {took:.1f} s: APPEND {name}")
print(f"{len(sizes)} messages, a session had {peak()} MB at most")
box.sock.close()
box = log_in()
box.do("SELECT INBOX")
for n, (name, size) in enumerate(sizes, 1):
    try:
        read(box, n, size)
    except Exception as e:
        sys.exit(f"{name}: {e!r}")
    if os.environ.get("VERBOSE"):
        print(f"{name}: {peak()} MB")
box.sock.close()
box = log_in()
box.do("SELECT INBOX")
for command in ("SEARCH SUBJECT needle", "SEARCH FROM a@b.test", "SEARCH TO u999999@x.test", "SEARCH TEXT inside", "SEARCH BODY inside", "SEARCH HEADER X-99999 y",
                "SORT (SUBJECT FROM TO DATE SIZE) UTF-8 ALL", "SORT (DISPLAYFROM DISPLAYTO) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL", "THREAD REFS UTF-8 ALL",
                "FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", "FETCH 1:* (FLAGS BODYSTRUCTURE)", "FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])", "FETCH 1:* (PREVIEW)"):
    answer = ask(box, command)
    if command.startswith(("SORT", "THREAD")):
        numbers = [int(x) for x in answer[0][0].replace(b"(", b" ").replace(b")", b" ").split()[1:]]
        need(sorted(numbers) == list(range(1, len(sizes) + 1)), command, numbers)
    if command.startswith("SEARCH"):
        need(only or answer[0][0] != b"SEARCH" or "X-9" in command or "u9" in command, command, "finds nothing")
box.sock.close()
for utf8 in (True, False):
    by_pop3(sizes, utf8)
before = peak()
print(f"a session had {before} MB at most")
need(before < 160, "a session had", before, "MB for messages of 16 MB at most")
by_import()
taken = by_smtp()

# One of 100 MB: a few times its size, whatever is asked.
size = 100 << 20
box = log_in()
append(box, "100 MB", HEAD + b"\r\n" + b"0123456789abcd\r\n" * (size >> 4))
n = int(next(a for a in box.do("SELECT INBOX") if a[0].endswith(b" EXISTS"))[0].split()[0])
for command in ("BODYSTRUCTURE", "PREVIEW", "BODY.PEEK[1]<100000000.10>", "BINARY.PEEK[1]<100000000.10>", "BINARY.SIZE[1]"):
    ask(box, f"FETCH {n} {command}")
got = box.fetched(ask(box, f"FETCH {n} BODY.PEEK[1]")[0])
need(got["BODY[1]"] == b"0123456789abcd\r\n" * (size >> 4), "BODY[1] of 100 MB")
# Several large items of one answer are not gathered.
ask(box, f"FETCH {n} (BODY.PEEK[1] BODY.PEEK[TEXT] BODY.PEEK[] BODY.PEEK[1]<0.100000000>)")
print(f"with 100 MB a session had {peak()} MB at most")
need(100 < peak() < 4 * 100, "a session had", peak(), "MB for a message of 100 MB")
wait = time.monotonic() + 20
while n < len(sizes) + taken + 1 and time.monotonic() < wait:
    time.sleep(0.2)
    n = max([n] + [int(a[0].split()[0]) for a in box.do("NOOP") if a[0].endswith(b" EXISTS")])
need(n == len(sizes) + taken + 1, "delivered", n, "of", len(sizes) + taken + 1)
ask(box, "SEARCH BODY inside")
