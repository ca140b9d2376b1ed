# SPDX-License-Identifier: MIT
"""For import.sh: fills and compares mailboxes through IMAP servers on pipes.

mailbox_tool.py fill [--inbox] COMMAND       folders, flags, keywords, dates, gaps in the UIDs
mailbox_tool.py compare [--no-uids] A B      both servers show the same; prints the counts
mailbox_tool.py inbox [--no-bytes] A B       the same for INBOX alone
mailbox_tool.py maildir DIR                  a Maildir as Courier leaves it
mailbox_tool.py mbox FILE COUNT              an mbox without UIDs
"""
import imaplib, os, re, sys

CHINESE = "&ZeVnLIqe-"  # modified UTF-7


def connect(command):
    return imaplib.IMAP4_stream(command)


def message(n, extra=b""):
    body = b"".join(b"line %d of %d\r\n" % (i, n) for i in range(n % 7 + 1))
    return b"From: Ann <ann@example.test>\r\nSubject: number %d\r\nDate: Tue, 1 Jan 2019 00:00:%02d +0000\r\n" % (n, n % 60) + extra + b"\r\n" + body


def messages():
    yield message(1), r"(\Seen)"
    yield message(2), r"(\Answered \Flagged)"
    yield message(3), r"(\Draft \Seen)"
    yield message(4), r"(\Deleted)"
    yield message(5), r"($Forwarded NonJunk)"
    yield message(6), r"(\Seen work \Flagged)"
    yield message(7) + b"From here on\r\n>From there\r\n>>From\r\n>>From x\r\n", "()"
    yield message(8, b"Status: RO\r\nX-UID: 77\r\nX-Keywords: fake\r\n"), "()"
    yield message(9) + b"\xff\xfe\x80 \xe6\x97\xa5\r\n\r\n\r\n", "()"
    yield b"Subject: no body\r\n\r\n", "()"
    yield message(11) + b"no line end", "()"
    yield message(12) + b"From MAILER-DAEMON Fri Feb 22 17:06:23 2008\r\nSubject: not a message\r\n\r\nx\r\n", "()"
    yield message(13) + b"x" * 300000 + b"\r\n", r"(\Seen)"


def fill(command, inbox_only=False):
    c = connect(command)
    folders = (("INBOX", 1), ("Work", 2), ("Work/Deep", 3), (CHINESE, 1), ("Empty", 99))
    for folder, first in folders[:1] if inbox_only else folders:
        folder = folder.replace("/", separator(c))
        if folder != "INBOX":
            assert c.create(folder)[0] == "OK", folder
        for n, (text, flags) in enumerate(messages(), 1):
            if n >= first:
                when = '"%02d-Mar-2020 12:%02d:00 +0200"' % (n, n)
                r = c.append(folder, flags, when, text)
                assert r[0] == "OK", (folder, n, r)
        if folder != "Empty":
            c.select(folder)
            c.store("1" if folder == "INBOX" else "3:5", "+FLAGS", r"(\Deleted)")
            c.expunge()
    c.select("INBOX")
    c.append("INBOX", "()", None, message(40))
    c.store("*", "+FLAGS", r"(\Deleted)")
    c.expunge()  # UIDNEXT is above the last UID
    for folder in () if inbox_only else ("Work", CHINESE):
        c.subscribe(folder)
    c.logout()


def separator(c):
    return re.search(rb'"(.)" ', c.list('""', '""')[1][0]).group(1).decode()


def names(c, lsub=False):
    found = {}
    for line in (c.lsub if lsub else c.list)('""', "*")[1]:
        if line is None:
            continue
        m = re.match(rb'\(.*?\) "(.)" (.*)$', line)
        name = m.group(2).decode().strip('"')
        found[name.replace(m.group(1).decode(), "/")] = name
    return found


def folder(c, name):
    quoted = '"%s"' % name
    status = c.status(quoted, "(UIDVALIDITY UIDNEXT)")[1][0].decode()
    numbers = {k: int(v) for k, v in re.findall(r"(UIDVALIDITY|UIDNEXT) (\d+)", status)}
    count = int(c.select(quoted, readonly=True)[1][0])
    found = []
    if count:
        data = c.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1]
        for i in range(0, len(data), 2):
            head, text = data[i]
            tail = data[i + 1] if i + 1 < len(data) and isinstance(data[i + 1], bytes) else b""
            line = head + tail
            uid = int(re.search(rb"UID (\d+)", line).group(1))
            flags = sorted(f for f in re.search(rb"FLAGS \((.*?)\)", line).group(1).decode().split() if f != r"\Recent")
            date = imaplib.Internaldate2tuple(re.search(rb'INTERNALDATE "[^"]*"', line).group(0))
            found.append((uid, flags, date, text))
    return numbers, found


def same(n, fx, fy, uids=True, bytes_too=True):
    assert len(fx) == len(fy), (n, len(fx), len(fy))
    for mx, my in zip(fx, fy):
        for what, vx, vy in zip(("uid", "flags", "date", "bytes"), mx, my):
            if (what == "uid" and not uids) or (what == "bytes" and not bytes_too):
                continue
            # A message's own Status field is one of the mbox for readers other than us.
            if what == "flags" and not bytes_too and b"Status: RO" in mx[3] + my[3]:
                continue
            assert vx == vy, (n, mx[0], what, vx[-500:] if what == "bytes" else vx, vy[-500:] if what == "bytes" else vy)


def inbox(a, b, bytes_too):
    (ux, fx), (uy, fy) = folder(connect(a), "INBOX"), folder(connect(b), "INBOX")
    assert ux == uy, (ux, uy)
    same("INBOX", fx, fy, bytes_too=bytes_too)
    assert fx


def compare(a, b, uids=True):
    x, y = connect(a), connect(b)
    total = 0
    usual = {"Drafts", "Sent", "Junk", "Trash", "Archive"}  # ours are always there
    nx, ny = names(x), names(y)
    assert set(nx) - usual == set(ny) - usual, (nx, ny)
    sx, sy = set(names(x, True)), set(names(y, True))
    assert sx - usual - {"INBOX"} == sy - usual - {"INBOX"}, (sx, sy)
    for n in sorted(set(nx) & set(ny)):
        (ux, fx), (uy, fy) = folder(x, nx[n]), folder(y, ny[n])
        if n not in usual:
            assert not uids or ux == uy, (n, ux, uy)
        same(n, fx, fy, uids)
        total += len(fx)
    print("%d folders, %d messages" % (len(set(nx) & set(ny)), total))


def courier(path):
    for d in ("", ".Sent", ".Sent.&ZeVnLIqe-"):
        for s in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, d, s))
    lines = ["/1 1234567890 30\n"]
    for n in range(1, 11):
        name = "%d.M%dP1.host,S=99" % (1500000000 + n, n)
        file = os.path.join(path, "cur", name + ":2," + ("S" if n % 2 else "FS"))
        with open(file, "wb") as f:
            f.write(message(n).replace(b"\r\n", b"\n"))
        os.utime(file, (1500000000 + n, 1500000000 + n))
        if n <= 8:
            lines.append("%d %s\n" % (3 * n, name))
    with open(os.path.join(path, "courierimapuiddb"), "w") as f:
        f.writelines(lines)
    with open(os.path.join(path, "courierimapsubscribed"), "w") as f:
        f.write("INBOX\nINBOX.Sent.&ZeVnLIqe-\n")
    for n, d in ((20, ".Sent"), (21, ".Sent.&ZeVnLIqe-")):
        with open(os.path.join(path, d, "new", "%d.M1P1.host" % (1500000000 + n)), "wb") as f:
            f.write(message(n))


def mbox(path, count):
    with open(path, "wb") as f:
        for n in range(count):
            f.write(b"From a@b  Fri Feb 22 17:%02d:%02d 2008\n" % (n // 60 % 60, n % 60))
            f.write(message(n % 1000).replace(b"\r\n", b"\n") + b"serial %d\n\n" % (n - n % 2))  # each twice


if __name__ == "__main__":
    verb, rest = sys.argv[1], sys.argv[2:]
    if verb == "fill":
        fill(rest[-1], rest[0] == "--inbox")
    elif verb == "inbox":
        inbox(rest[-2], rest[-1], rest[0] != "--no-bytes")
    elif verb == "compare":
        compare(rest[-2], rest[-1], uids=rest[0] != "--no-uids")
    elif verb == "maildir":
        courier(rest[0])
    elif verb == "mbox":
        mbox(rest[0], int(rest[1]))
