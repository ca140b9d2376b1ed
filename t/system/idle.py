# SPDX-License-Identifier: MIT
# idle.py PREFIX hold DAEMON (PORT COUNT TLS)...: holds so many idle connections, each greeted, from
# several loopback addresses; a fresh client is served meanwhile; tells the memory that each one costs.
# idle.py PREFIX exhaust DAEMON PORT COUNT: more than there are descriptors for: who is not greeted is
# told so, those that stand go on, and all is well again when they have left.
import os
import select
import socket
import ssl
import sys
import time

from wire import Imap, Smtp, connect

PREFIX, WHAT, DAEMON = sys.argv[1:4]
IP_BIND_ADDRESS_NO_PORT = 24  # else each source port is reserved for all destinations
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE


def processes():
    with open(f"{PREFIX}/run/{DAEMON}.lock") as f:
        master = f.read().strip()
    with open(f"/proc/{master}/task/{master}/children") as f:
        return f.read().split()


def descriptors():
    return sum(len(os.listdir(f"/proc/{p}/fd")) for p in processes())


def memory():
    """Kilobytes of the daemon's workers that are theirs alone."""
    total = 0
    for p in processes():
        with open(f"/proc/{p}/smaps_rollup") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith(("Private_Clean", "Private_Dirty")))
    return total


def open_one(port, i):
    s = socket.socket()
    s.settimeout(20)
    s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    s.bind((f"127.0.0.{2 + i % 8}", 0))
    s.connect(("127.0.0.1", port))
    return s


def greeting(s):
    data = b""
    while not data.endswith(b"\n"):
        piece = s.recv(4096)
        if not piece:
            break
        data += piece
    return data


def use(port):
    """A whole dialogue of a client that comes now."""
    if DAEMON == "smtpd":
        s = Smtp(connect(port))
        s.command("EHLO client.test", 250)
        code, text = s.message("out@elsewhere.test", "ann@example.test", b"Subject: x\r\n\r\nx\r\n")
        assert code == 250, text
        s.command("QUIT", 221)
    else:
        m = Imap(connect(port))
        m.do("LOGIN ann@example.test pw")
        m.do("SELECT INBOX")
        m.do("LOGOUT")


def wait_until(true):
    for _ in range(200):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("did not come true")


def hold(groups):
    use(groups[0][0])
    before, fds, held = memory(), descriptors(), []
    for port, count, is_tls in groups:
        plain = [open_one(port, i) for i in range(count)]
        held += [tls.wrap_socket(s) for s in plain] if is_tls else plain
        for s in held[-count:]:
            first = greeting(s)
            assert first.startswith((b"220 ", b"* OK ")), first
        now = memory()
        print(f"{DAEMON}: {count} idle connections{' over TLS' if is_tls else ''}, "
              f"{(now - before) / count:.1f} KB of memory each")
        before = now
        use(groups[0][0])
    # They stand, all of them, and are still answered.
    poll = select.poll()
    for s in held:
        poll.register(s, select.POLLIN)
    assert not poll.poll(0), "some were closed"
    for s in held[::500]:
        s.sendall(b"a NOOP\r\n" if DAEMON == "frontd" else b"NOOP\r\n")
        assert greeting(s).startswith((b"250", b"a OK")), "no answer"
    for s in held:
        s.close()
    wait_until(lambda: descriptors() <= fds + 2)
    use(groups[0][0])


def exhaust(port, count):
    use(port)
    held, refused = [], 0
    for s in [open_one(port, i) for i in range(count)]:
        first = greeting(s)
        if first.startswith((b"220 ", b"* OK ")):
            held.append(s)
        else:
            assert first.startswith((b"421 ", b"* BYE ")), first
            refused += 1
            s.close()
    print(f"{DAEMON}: {len(held)} of {count} stand, {refused} were told to come again")
    assert refused > 0 and len(held) > 100
    if DAEMON == "smtpd":  # one that stands can still do all it wants
        held[0].sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n" + b".\r\n")
        said = b""
        while b"queued as" not in said:
            piece = held[0].recv(4096)
            assert piece, said
            said += piece
    else:
        held[0].sendall(b"a LOGIN ann@example.test pw\r\n")
        assert greeting(held[0]).startswith(b"a OK")
    for s in held:
        s.close()

    def works():
        try:
            use(port)
            return True
        except (ValueError, OSError, EOFError):
            return False
    wait_until(works)


if WHAT == "hold":
    numbers = [int(x) for x in sys.argv[4:]]
    hold([tuple(numbers[i:i + 3]) for i in range(0, len(numbers), 3)])
else:
    exhaust(int(sys.argv[4]), int(sys.argv[5]))
