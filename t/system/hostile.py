# SPDX-License-Identifier: MIT
# hostile.py PREFIX PORT SUBMISSION: see hostile.sh.  Each attack is followed or accompanied by a
# neighbour (127.0.0.1) whose message must be taken as ever.
import base64
import re
import socket
import struct
import sys
import time

from wire import Smtp

PREFIX, PORT, SUBMISSION = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
MESSAGE = b"From: x@elsewhere.test\r\nSubject: x\r\n\r\nx\r\n"


def connect(ip, port=None):
    s = socket.socket()
    s.settimeout(30)
    s.bind((ip, 0))
    s.connect(("127.0.0.1", port or PORT))
    return s


def client(ip, port=None, hello=True):
    c = Smtp(connect(ip, port))
    if hello:
        c.command("EHLO client.test", 250)
    return c


def neighbour():
    c = client("127.0.0.1")
    code, text = c.message("out@elsewhere.test", "ann@example.test", MESSAGE)
    assert code == 250, text
    c.command("QUIT", 221)


def rest(sock):
    """All that comes up to the end, which must come."""
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data.decode()


def ends_with_421(c, code="4.7.0"):
    text = c.file.read().decode()
    assert re.search(rf"(^|\n)421 {code} ", text), text


def early_talker():
    s = connect("127.0.0.20")
    s.sendall(b"EHLO bot\r\nMAIL FROM:<>\r\n")
    text = rest(s)
    assert text.startswith("554 ") and "spoke before the greeting" in text and text.count("\n") == 1, text


def idle_and_slow():
    """One that says nothing, one that ends no command, and one whose message never ends, all at once."""
    silent, half, slow = (client("127.0.0.21") for _ in range(3))
    for c in (silent, half):
        c.sock.sendall(b"NOO")
    slow.command("MAIL FROM:<>", 250)
    slow.command("RCPT TO:<ann@example.test>", 250)
    slow.command("DATA", 354)
    ended = {}
    began = time.monotonic()
    while len(ended) < 3 and time.monotonic() < began + 25:
        for name, c, drop in (("silent", silent, b""), ("half", half, b"x"), ("slow", slow, b"x\r\n")):
            if name in ended:
                continue
            try:
                c.sock.sendall(drop)
                c.sock.settimeout(0.2)
                data = c.sock.recv(4096)
                ended[name] = data.decode()
            except (socket.timeout, BlockingIOError):
                pass
            except OSError as e:
                ended[name] = f"421 4.4.2 {e}"
        neighbour()
    assert set(ended) == {"silent", "half", "slow"}, ended
    for name, text in ended.items():
        assert text.startswith("421 4.4.2 "), (name, text)


def long_session():
    c = client("127.0.0.22")
    while True:
        code, text = c.command("NOOP", 250, 421)
        if code == 421:
            assert text.startswith("4.3.2"), text
            return
        time.sleep(0.5)


def tarpit_and_errors():
    c = client("127.0.0.23")
    c.sock.sendall(b"FOO\r\n" * 8)
    neighbour()
    ends_with_421(c)


def dictionary():
    """Names tried until one is right, from several sessions of one address: counted over all processes."""
    known, closed = 0, 0
    for i in range(12):
        c = client("127.0.0.24")
        c.sock.sendall(b"MAIL FROM:<>\r\n" + b"".join(b"RCPT TO:<name%d-%d@example.test>\r\n" % (i, j) for j in range(3)) + b"QUIT\r\n")
        text = c.file.read().decode()
        known += text.count("550 5.1.1")
        closed += text.count("421 4.7.0")
    assert 10 <= known <= 14 and closed >= 7, (known, closed)
    neighbour()


def rates():
    taken, refused = 0, 0
    for _ in range(5):
        c = client("127.0.0.25")
        for _ in range(5):
            code, text = c.command("MAIL FROM:<>", 250, 450)
            taken += code == 250
            refused += code == 450 and "too many messages from your address" in text
            c.command("RSET", 250)
        c.command("QUIT", 221)
    assert 20 <= taken <= 23 and refused == 25 - taken, (taken, refused)
    c = client("127.0.0.26")
    c.command("MAIL FROM:<>", 250)
    c.sock.sendall(b"RCPT TO:<ann@example.test>\r\n" * 40)
    codes = [c.reply()[0] for _ in range(40)]
    assert codes[:30] == [250] * 30 and codes.count(450) >= 8, codes
    c.command("QUIT", 221)
    neighbour()


def connections():
    held, refused = [], 0
    for s in [connect("127.0.0.27") for _ in range(60)]:
        first = s.recv(4096)
        if first.startswith(b"220 "):
            held.append(s)
        else:
            assert first.startswith(b"421 4.7.0 too many connections from your address"), first
            refused += 1
    assert 10 <= len(held) <= 20 and refused >= 40, (len(held), refused)
    neighbour()
    for s in held:
        s.close()
    s = connect("127.0.0.6")
    assert rest(s).startswith("521 5.3.2 "), "refuse_from"


def accounts():
    c = client("127.0.0.28", SUBMISSION)
    c.command("AUTH PLAIN " + base64.b64encode(b"\0bob@example.test\0pw").decode(), 235)
    c.command("MAIL FROM:<bob@example.test>", 250)
    c.sock.sendall(b"RCPT TO:<ann@example.test>\r\n" * 7)
    codes = [c.reply()[0] for _ in range(7)]
    assert codes == [250] * 5 + [450] * 2, codes
    c.command("RSET", 250)
    c.command("MAIL FROM:<bob@example.test>", 250)
    c.command("RSET", 250)
    c.command("MAIL FROM:<bob@example.test>", 250)
    c.command("RSET", 250)
    code, text = c.command("MAIL FROM:<bob@example.test>", 450)
    assert "too many messages from your account" in text, text
    # Another account's day: one message over, and then no more, from whatever address.
    c = client("127.0.0.28", SUBMISSION)
    c.command("AUTH PLAIN " + base64.b64encode(b"\0ann@example.test\0pw").decode(), 235)
    code, text = c.message("ann@example.test", "bob@example.test", b"From: ann@example.test\r\n\r\n" + (b"x" * 70 + b"\r\n") * 35000)
    assert code == 250, text
    c = client("127.0.0.29", SUBMISSION)
    c.command("AUTH PLAIN " + base64.b64encode(b"\0ann@example.test\0pw").decode(), 235)
    code, text = c.command("MAIL FROM:<ann@example.test>", 450)
    assert "in a day (2" in text, text
    # Who has just logged in with nobody's limit goes on.
    neighbour()


def memory():
    """Messages that grow and never end fill their half of the memory; those beyond it are told, small mail goes on."""
    line = b"x" * 998 + b"\r\n"
    hogs, full = [], 0
    for _ in range(24):
        c = client("127.0.0.1")
        c.command("MAIL FROM:<>", 250)
        c.command("RCPT TO:<ann@example.test>", 250)
        if c.command("DATA", 354, 452)[0] == 452:
            full += 1
            continue
        c.sock.sendall(b"Subject: x\r\n\r\n" + line * 1500)
        hogs.append(c)
        neighbour()
    for c in hogs:
        c.sock.sendall(b".\r\n")
    codes = [c.reply() for c in hogs]
    told = [t for n, t in codes if n == 452]
    assert told and all("too much mail is coming in at once" in t for t in told), codes
    assert all(n in (250, 452) for n, _ in codes), codes
    neighbour()


def strange_messages():
    def send(data, *codes):
        c = client("127.0.0.1")
        code, text = c.message("out@elsewhere.test", "ann@example.test", data)
        assert code in codes, (code, text)
        return text
    send(b"".join(b"X-%d: y\r\n" % i for i in range(100_000)) + b"\r\nx\r\n", 554)
    assert "header" in send(b"X: " + b"y\r\n z" * 400_000 + b"\r\n\r\nx\r\n", 554)
    send(b"Subject: x\r\n\r\n" + b"y" * (1 << 21) + b"\r\n", 554)
    send(b"Subject: nul\r\n\r\na\0b\r\n", 250)
    send(b"Subject: x\r\n\r\n" + b"y" * 100_000 + b"\r\n", 250)
    c = client("127.0.0.1")
    c.command("MAIL FROM:<>", 250)
    c.sock.sendall(b"RCPT TO:<ann@example.test>\r\n" * 10_000)
    codes = [c.reply()[0] for _ in range(1000)]
    assert codes == [250] * 1000, codes[:5]
    code, text = c.reply()
    assert (code, text[:5]) == (452, "4.5.3"), text
    neighbour()


def limits():
    c = client("127.0.0.1")
    for _ in range(3):
        assert c.message("out@elsewhere.test", "ann@example.test", MESSAGE)[0] == 250
    c.command("MAIL FROM:<>", 421)
    neighbour()


def proxies():
    c = connect("127.0.0.9")
    c.sendall(b"PROXY TCP4 192.0.2.77 127.0.0.1 4000 25\r\n")
    c = Smtp(c)
    c.command("EHLO behind.test", 250)
    assert c.message("out@elsewhere.test", "bob@example.test", MESSAGE)[0] == 250
    # Byte by byte, version 2, of an address that is refused.
    s = connect("127.0.0.9")
    for b in b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11" + struct.pack("!H", 12) + socket.inet_aton("127.0.0.6") + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 4000, 25):
        s.sendall(bytes([b]))
    assert rest(s).startswith("521 "), "the address behind the proxy counts"
    for bad in (b"EHLO x\r\n", b"PROXY TCP4 1.2.3 127.0.0.1 1 2\r\n", b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0"):
        s = connect("127.0.0.9")
        s.sendall(bad)
        try:
            assert rest(s) == "", bad
        except ConnectionResetError:
            pass
    neighbour()


def trusted():
    c = client("127.0.0.8", hello=False)
    c.command("XCLIENT ADDR=192.0.2.78 NAME=[UNAVAILABLE]", 220)
    c.command("EHLO xclient.test", 250)
    c.command("XCLIENT ADDR=127.0.0.1", 550)
    assert c.message("out@elsewhere.test", "bob@example.test", MESSAGE)[0] == 250
    # Mail that cannot go on waits; a client of etrn_from has it tried.
    c = client("127.0.0.5")
    for i in range(2):
        assert c.message("out@elsewhere.test", f"u{i}@far.test", MESSAGE)[0] == 250
    c.command("QUIT", 221)
    for _ in range(20):
        c = client("127.0.0.7")
        code, text = c.command("ETRN far.test", 251, 253)
        if code == 253 and " 2 pending" in text:
            break
    else:
        raise AssertionError(text)
    c.command("ETRN nothing.test", 251)
    client("127.0.0.1").command("ETRN far.test", 459)


for attack in (early_talker, tarpit_and_errors, dictionary, rates, connections, accounts, strange_messages, limits, memory,
               proxies, trusted, idle_and_slow, long_session):
    attack()
    print("ok", attack.__name__, flush=True)
with open(f"{PREFIX}/log/smtpd/current") as f:
    log = f.read()
for ip in ("192.0.2.77", "192.0.2.78"):
    assert re.search(rf" accepted .* ip={ip} ", log), ip
