# SPDX-License-Identifier: MIT
# boxes.py: what the server has, as a connection of its own is told, and mail to fill it with: for the
# tests of clients, which compare with it what a client believes.
import base64
import hashlib
import re
import ssl

from wire import Imap, connect

tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE


def to_utf7(name):
    """RFC 3501 §5.1.3"""
    def coded(m):
        return "&" + base64.b64encode(m[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
    return re.sub(r"[^\x20-\x7e]+", coded, name.replace("&", "&-"))


def from_utf7(text):
    def decoded(m):
        if not m[1]:
            return "&"
        return base64.b64decode(m[1].replace(",", "/") + "=" * (-len(m[1]) % 4)).decode("utf-16-be")
    return re.sub(r"&([^-]*)-", decoded, text)


def quoted(name):
    return '"' + to_utf7(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def digest(data):
    """Of a message, whatever its line ends are."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()[:20]


def attachment(n, size):
    """Bytes that are not the same twice, with every value among them."""
    return b"".join(hashlib.sha256(b"%d %d" % (n, i)).digest() for i in range(size // 32 + 1))[:size]


def mail(n, subject="", attached=0, cc="", extra=b""):
    """An ordinary message; with an attachment of so many bytes, named in Chinese."""
    word = base64.b64encode((subject or f"第 {n} 封").encode()).decode()
    head = (f"From: Ann <ann@example.test>\r\nTo: =?utf-8?B?5byg5LiJ?= <bob@example.test>\r\n{cc}Subject: =?utf-8?B?{word}?=\r\n"
            f"Date: Tue, 3 Mar 2026 12:{n % 60:02d}:00 +0800\r\nMessage-ID: <{n}@example.test>\r\n").encode() + extra
    text = f"你好\r\n第 {n} 行\r\n.\r\nFrom here\r\n".encode()
    if not attached:
        return head + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
    data = base64.encodebytes(attachment(n, attached)).replace(b"\n", b"\r\n")
    return (head + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b=_1"\r\n\r\npreamble\r\n--b=_1\r\n'
            b"Content-Type: text/plain; charset=gbk\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "合同已发\r\n".encode("gbk") +
            b'--b=_1\r\nContent-Type: application/octet-stream; name="=?utf-8?B?5ZCI5ZCMLmJpbg==?="\r\n'
            b"Content-Disposition: attachment; filename*=utf-8''%E5%90%88%E5%90%8C.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            data + b"--b=_1--\r\n")


class Server(Imap):
    """One connection to it, logged in."""

    def __init__(self, port, user="ann", secure=False):
        sock = connect(port)
        super().__init__(tls.wrap_socket(sock) if secure else sock)
        self.do(f"LOGIN {user}@example.test pw")

    def put(self, box, data, flags=""):
        """APPEND; the UID that it has then."""
        self.count += 1
        tag = f"t{self.count}"
        self.send(f"{tag} APPEND {quoted(box)} ({flags}) {{{len(data)}+}}\r\n".encode() + data + b"\r\n")
        while not (line := self.raw()).startswith(tag.encode()):
            pass
        uid = re.match(tag.encode() + rb" OK \[APPENDUID \d+ (\d+)\]", line)
        if not uid:
            raise ValueError(line)
        return int(uid[1])

    def names(self):
        """{name: its attributes}"""
        result = {}
        for (line,) in self.do('LIST "" *'):
            _, attributes, _, name = self.parse(line)
            result[from_utf7(name.decode() if isinstance(name, bytes) else name)] = set(attributes)
        return result

    def box(self, name):
        """{uid: (flags but \\Recent, the bytes)}"""
        told = self.do(f"EXAMINE {quoted(name)}")
        result = {}
        if not any(line == [b"0 EXISTS"] for line in told):
            for a in self.do("UID FETCH 1:* (FLAGS BODY.PEEK[])"):
                if len(a) == 3 and a[1] == "FETCH":
                    items = self.fetched(a)
                    result[int(items["UID"])] = (frozenset(items["FLAGS"]) - {"\\Recent"}, items["BODY[]"])
        self.do("UNSELECT")
        return result

    def all(self):
        return {name: self.box(name) for name, attributes in self.names().items() if "\\Noselect" not in attributes}

    def change(self, box, uids, what):
        """Some commands in a mailbox: `{}` is the UIDs."""
        self.do(f"SELECT {quoted(box)}")
        for w in what:
            self.do(w.format(uids))
        self.do("UNSELECT")
