# SPDX-License-Identifier: MIT
# alpine.py IMAP IMAPS SUBMISSION DIRECTORY: a person at a terminal with alpine, in Chinese: what he reads,
# files, flags, deletes, sends and keeps as a draft is so on the server afterwards.
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


class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", HOME=DIRECTORY, LC_ALL="C.UTF-8", COLUMNS="100", LINES="40")
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", 40, 100, 0, 0))
        self.shown = ""

    def expect(self, *wanted):
        """The first of the patterns that is shown; what was shown before does not count again."""
        end = time.monotonic() + 60
        while True:
            found = [(m.end(), i) for i, w in enumerate(wanted) if (m := re.search(w, self.shown))]
            if found:
                at, which = min(found)
                self.shown = self.shown[at:]
                return which
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"alpine does not show {wanted}:\n{self.shown}")
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                raise AssertionError(f"alpine ended:\n{self.shown}") from None
            self.shown += re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][AB0-9]|[=>])|[\x0e\x0f]", " ", piece.replace(b"\0", b"").decode("utf-8", "replace"))

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
t.expect("saved|written|copied|Copied|Saved|Written")
t.type("<<")
t.expect("第四封")
jump(1)  # files it
t.type("s")
t.expect("SAVE|Save")
t.type("归档\r")
t.expect("copied to|saved to|Saving DONE")
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
until(r"[Mm]essage sent|Sent|copied|Fcc +DONE")
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
