# SPDX-License-Identifier: MIT
# alpine.py IMAP IMAPS SUBMISSION DIRECTORY: a person at a terminal with alpine, in Chinese: what he reads,
# files, flags, deletes, sends and keeps as a draft is so on the server afterwards.
import codecs
import email
import email.policy
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
import unicodedata

from boxes import Server, attachment, digest, mail, quoted

IMAP, IMAPS, SUBMISSION = map(int, sys.argv[1:4])
DIRECTORY = sys.argv[4]
THERE = f'{{127.0.0.1:{IMAPS}/ssl/novalidate-cert/user="ann@example.test"}}'

server = Server(IMAP)
server.do("CREATE " + quoted("归档"))
first, second, fourth = mail(1, "第一封 报价"), mail(2, "第二封 合同", attached=50000), mail(4, "第四封 留着")
for data in (first, second, mail(3, "第三封 广告"), fourth):
    server.put("INBOX", data)

with open(f"{DIRECTORY}/pinerc", "w", encoding="utf-8") as f:
    f.write(f"""personal-name=Ann
user-domain=example.test
customized-hdrs=From: ann@example.test
inbox-path={THERE}INBOX
folder-collections=mail {THERE}[]
default-fcc={THERE}Sent
postponed-folder={THERE}Drafts
smtp-server=127.0.0.1:{SUBMISSION}/tls/novalidate-cert/user="ann@example.test"
feature-list=quit-without-confirm,expunge-without-confirm,expunge-without-confirm-everywhere,enable-flag-cmd,
 compose-rejects-unqualified-addrs,fcc-without-attachments=no,enable-aggregate-command-set
character-set=UTF-8
last-time-prune-questioned={time.strftime("%Y.%m").replace(".0", ".")}
last-version-used=9.99
""")


ROWS, COLUMNS = 40, 100


class Screen:
    """What a VT100 shows of what is written to it.  A program may write any part of a line that differs: only
    the whole screen has its words."""

    TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()]?(.)|([^\x1b])", re.S)

    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.top, self.bottom = 0, ROWS - 1
        self.pending = ""

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.cells)

    def feed(self, text):
        """Yields after each part that was drawn: what is soon overwritten was shown as well."""
        text = self.pending + text
        at = 0
        while m := self.TOKEN.match(text, at):
            if m[2]:
                self.control(m[2], [int(n or 0) for n in m[1].strip("?").split(";")])
                yield
            elif m[3]:
                if m[3] == "M":
                    self.scroll(back=True)
            else:
                self.put(m[4])
            at = m.end()
        self.pending = text[at:]
        yield

    def control(self, final, numbers):
        n = max(1, numbers[0])
        if final in "Hf":
            self.row, self.column = n - 1, max(1, (numbers + [1])[1]) - 1
        elif final in "AB":
            self.row += n if final == "B" else -n
        elif final in "CD":
            self.column += n if final == "C" else -n
        elif final == "r":
            self.top, self.bottom = n - 1, ((numbers + [0])[1] or ROWS) - 1
            self.row = self.column = 0
        elif final in "JK":
            here = self.row * COLUMNS + self.column
            first, last = (self.row * COLUMNS, (self.row + 1) * COLUMNS) if final == "K" else (0, ROWS * COLUMNS)
            for i in range(here if numbers[0] == 0 else first, here + 1 if numbers[0] == 1 else last):
                self.cells[i // COLUMNS][i % COLUMNS] = " "
        self.row, self.column = min(max(self.row, 0), ROWS - 1), min(max(self.column, 0), COLUMNS - 1)

    def scroll(self, back=False):
        edge, other = (self.top, self.bottom) if back else (self.bottom, self.top)
        if self.row != edge:
            self.row = min(max(self.row + (-1 if back else 1), 0), ROWS - 1)
        else:
            del self.cells[other]
            self.cells.insert(edge, [" "] * COLUMNS)

    def put(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.scroll()
        elif c == "\b":
            self.column = max(0, self.column - 1)
        elif c >= " ":
            width = 2 if unicodedata.east_asian_width(c) in "WF" else 1
            if self.column + width > COLUMNS:
                self.column = 0
                self.scroll()
            self.cells[self.row][self.column:self.column + width] = [c, ""][:width]
            self.column += width


class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", HOME=DIRECTORY, LC_ALL="C.UTF-8", COLUMNS=str(COLUMNS), LINES=str(ROWS))
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        self.screen = Screen()
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.drawn = iter(())
        self.answered = set()

    def expect(self, *wanted):
        """The first of the patterns that the screen shows, now or soon; one that was answered must have gone since."""
        end = time.monotonic() + 60
        while True:
            text = self.screen.text()
            self.answered = {pattern for pattern in self.answered if re.search(pattern, text)}
            for which, pattern in enumerate(wanted):
                if pattern not in self.answered and re.search(pattern, text):
                    self.answered.add(pattern)
                    return which
            if next(self.drawn, self) is not self:
                continue
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"alpine does not show {wanted}:\n{text}")
            try:
                self.drawn = self.screen.feed(self.decode(os.read(self.fd, 65536)).replace("\0", ""))
            except OSError:
                raise AssertionError(f"alpine ended:\n{text}") from None

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


t = Terminal("alpine", "-nowrite_password_cache", "-p", f"{DIRECTORY}/pinerc", "-i")


def until(wanted):
    """Some passwords may be asked for on the way."""
    answers = ["pw\r", "n"]
    while (n := t.expect("PASSWORD:", "Preserve password", wanted)) < 2:
        t.type(answers[n])


def jump(n):
    t.type("j")
    t.expect("jump to")
    t.type(f"{n}\r")


until("第四封")
jump(2)  # reads it and saves what is attached
t.type("\r")
t.expect("合同已发")
t.type("v")
t.expect("ATTACHMENT INDEX(.|\n)*合同")
t.type("ns")
t.expect("to file")
t.type("\x01\x0bsaved.bin\r")
t.expect("written to|Saving +DONE|100%")  # 100% stands until a key is typed, when it was quick
t.type("<<")
t.expect("第四封")
jump(1)  # files it
t.type("s")
t.expect("to folder")
t.type("归档\r")
t.expect("copied to|saved to|Saving +DONE")
jump(3)
t.type("d")
t.expect("marked for deletion")
jump(4)
t.type("*")
t.expect("Important")
t.type("*")
t.expect("Flagged message 4")
t.type("x")
t.expect("[Ee]xpunged")
t.type("c")  # sends one
t.expect("Subject")
t.type("bob@example.test\r\r\r出师表\r先帝创业未半\r\x18")
t.expect("Send")
t.type("y")
until("Message sent|Fcc +DONE")
t.type("c")  # and keeps one for later
t.expect("Subject")
t.type("bob@example.test\r\r\r未完\r待续\r\x0f")
t.expect("postponed|Postponed")
t.type("q")
assert t.end() == 0

# --- what the server has
there = {name: list(box.values()) for name, box in server.all().items()}
inbox = {digest(data): flags for flags, data in there["INBOX"]}
assert set(inbox) == {digest(second), digest(fourth)}, there["INBOX"]
assert inbox[digest(second)] == {"\\Seen"} and inbox[digest(fourth)] == {"\\Flagged"}, inbox
assert [digest(data) for _, data in there["归档"]] == [digest(first)], there["归档"]
with open(f"{DIRECTORY}/saved.bin", "rb") as f:
    assert f.read() == attachment(2, 50000), "the attachment is another"


def text_of(message):
    m = email.message_from_bytes(message, policy=email.policy.default)
    return m["Subject"], m.get_body().get_content().strip()


for box, wanted in (("Sent", ("出师表", "先帝创业未半")), ("Drafts", ("未完", "待续"))):
    (_, kept), = there[box]
    assert text_of(kept) == wanted, kept
bob = Server(IMAP, "bob")
for _ in range(100):
    if got := list(bob.box("INBOX").values()):
        break
    time.sleep(0.1)
assert text_of(got[0][1]) == ("出师表", "先帝创业未半"), got
