# SPDX-License-Identifier: MIT
# wire.py: small strict clients for the system tests: every byte of an answer is looked at, and
# whatever is not as the protocol has it raises an exception.
import re
import socket


def connect(port, host="127.0.0.1"):
    return socket.create_connection((host, port), timeout=60)


class Lines:
    """A connection as whole lines that end with CRLF."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb", 1 << 17)

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(f"no whole line: {line[:200]!r}")
        return line

    def send(self, data):
        self.sock.sendall(data)


class Smtp(Lines):
    def __init__(self, sock):
        super().__init__(sock)
        self.expect(220)

    def reply(self):
        lines = []
        while True:
            line = self.line()
            lines.append(line[4:-2].decode())
            if line[3:4] == b" ":
                return int(line[:3]), "\n".join(lines)
            if line[3:4] != b"-":
                raise ValueError(f"no reply: {line!r}")

    def expect(self, *codes):
        code, text = self.reply()
        if code not in codes:
            raise ValueError(f"{code} {text}, expected {codes}")
        return code, text

    def command(self, text, *codes):
        self.send(text.encode() + b"\r\n")
        return self.expect(*codes)

    def message(self, sender, recipient, data, parameters=""):
        """One pipelined transaction; data has CRLF line ends and ends with one.  (code, text) of its end."""
        self.send(f"MAIL FROM:<{sender}>{parameters}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        self.expect(250)
        self.expect(250)
        self.expect(354)
        self.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        return self.reply()


TOKEN = re.compile(rb'([()])|"((?:[^"\\\r\n]|\\["\\])*)"|\{(\d+)\}\r\n|([^ (){"\r\n]+)| ')


class Imap(Lines):
    """Answers come as lists: (...) a list, strings as bytes, NIL as None, atoms as str."""

    def __init__(self, sock):
        super().__init__(sock)
        self.count = 0
        if not self.line().startswith(b"* OK "):
            raise ValueError("no greeting")

    def raw(self):
        """One response with its literals, without the last CRLF."""
        data = self.line()
        while m := re.search(rb"\{(\d+)\}\r\n\Z", data[-24:]):
            size = int(m[1])
            literal = self.file.read(size)
            if len(literal) != size:
                raise EOFError("the literal is cut")
            data += literal + self.line()
        return data[:-2]

    @staticmethod
    def parse(data):
        stack, at, expect_blank = [[]], 0, False
        while at < len(data):
            m = TOKEN.match(data, at)
            if not m:
                raise ValueError(f"not IMAP at {data[max(0, at - 40):at + 40]!r}")
            at = m.end()
            if m[1] == b"(":
                stack.append([])
            elif m[1] == b")":
                done = stack.pop()
                stack[-1].append(done)
            elif m[2] is not None:
                stack[-1].append(re.sub(rb"\\(.)", rb"\1", m[2]))
            elif m[3]:
                stack[-1].append(data[at:at + int(m[3])])
                at += int(m[3])
            elif m[4]:
                stack[-1].append(None if m[4] == b"NIL" else m[4].decode("ascii"))
        if len(stack) != 1:
            raise ValueError("brackets do not match")
        return stack[0]

    def start(self, command):
        self.count += 1
        tag = f"t{self.count}"
        self.send(f"{tag} {command}\r\n".encode())
        return tag

    def answers(self, tag):
        """The untagged answers (parsed) up to the tagged OK."""
        result = []
        while True:
            data = self.raw()
            if data.startswith(tag.encode() + b" "):
                if not data.startswith(tag.encode() + b" OK"):
                    raise ValueError(data[:300])
                return result
            if not data.startswith(b"* "):
                raise ValueError(f"neither tagged nor untagged: {data[:300]!r}")
            if re.match(rb"\* \d+ FETCH ", data) or data.startswith(b"* STATUS "):
                result.append(self.parse(data[2:]))
            else:
                result.append([data[2:]])

    def do(self, command):
        return self.answers(self.start(command))

    def append(self, box, data):
        self.count += 1
        tag = f"t{self.count}"
        self.send(f"{tag} APPEND {box} {{{len(data)}}}\r\n".encode())
        if not self.line().startswith(b"+"):
            raise ValueError("no go-ahead for APPEND")
        self.send(data + b"\r\n")
        return self.answers(tag)

    @staticmethod
    def fetched(answer):
        """{item: value} of one FETCH answer; each item once."""
        pairs = answer[2]
        items = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if len(items) * 2 != len(pairs):
            raise ValueError(f"an item twice: {pairs[::2]}")
        return items


class Pop3(Lines):
    def __init__(self, sock):
        super().__init__(sock)
        self.expect()

    def expect(self):
        line = self.line()
        if not line.startswith(b"+OK"):
            raise ValueError(line)
        return line

    def command(self, text):
        self.send(text.encode() + b"\r\n")
        return self.expect()

    def lines(self):
        """A multi-line answer, its dots taken off."""
        self.expect()
        result = []
        while (line := self.line()) != b".\r\n":
            result.append(line[1:] if line.startswith(b".") else line)
        return b"".join(result)
