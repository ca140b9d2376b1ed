# SPDX-License-Identifier: MIT
# sync_clients.py STEP IMAP DIRECTORY: see sync_clients.sh.  DIRECTORY: where offlineimap has its Maildirs.
#   fill     the server gets its first mail
#   compare  both ends have the same: folders, messages byte by byte, flags
#   change   both ends change, each something else
#   conflict both ends change the same messages
import collections
import os
import sys

from boxes import Server, digest, mail, quoted

STEP, HERE = sys.argv[1], sys.argv[3]
server = Server(int(sys.argv[2]))
LETTERS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "T": "\\Deleted", "D": "\\Draft"}


def local():
    """{folder: a count of (content, flags)}"""
    result = {}
    for path, directories, _ in os.walk(HERE):
        if "cur" not in directories:
            continue
        messages = collections.Counter()
        for d in ("cur", "new"):
            for name in os.listdir(f"{path}/{d}"):
                with open(f"{path}/{d}/{name}", "rb") as f:
                    messages[digest(f.read()), frozenset(LETTERS[x] for x in name.partition(":2,")[2])] += 1
        result[os.path.relpath(path, HERE)] = messages
    return result


def find(box, content):
    """The file of a message."""
    for d in ("cur", "new"):
        for name in os.listdir(f"{HERE}/{box}/{d}"):
            with open(f"{HERE}/{box}/{d}/{name}", "rb") as f:
                if digest(f.read()) == digest(content):
                    return f"{HERE}/{box}/{d}/{name}"
    raise AssertionError(f"{box} does not have it")


def set_flags(path, letters):
    base = os.path.basename(path).partition(":2,")[0]
    os.rename(path, f"{os.path.dirname(os.path.dirname(path))}/cur/{base}:2,{''.join(sorted(letters))}")


def write(box, content, letters=""):
    name = f"{digest(content)}.here"
    with open(f"{HERE}/{box}/tmp/{name}", "wb") as f:
        f.write(content.replace(b"\r\n", b"\n"))
    os.rename(f"{HERE}/{box}/tmp/{name}", f"{HERE}/{box}/{'cur' if letters else 'new'}/{name}" + (f":2,{letters}" if letters else ""))


def uid(box, content):
    return next(u for u, (_, data) in server.box(box).items() if digest(data) == digest(content))


BOXES = ("INBOX", "工作/合同", "R&D x", "已读 ~1")


def first(n):
    """What is there at first."""
    return mail(n, attached=300000 if n == 9 else 5000 if n % 5 == 0 else 0)


def fill():
    for box in BOXES[1:]:
        server.do("CREATE " + quoted(box))
    for n in range(40):
        server.put(BOXES[n % 4], first(n), " ".join(f for i, f in enumerate(sorted(LETTERS.values())) if n >> i & 1 and f != "\\Deleted"))
    server.put("INBOX", b"Subject: no body\r\n\r\n")
    server.put("INBOX", b"Subject: \xd6\xd0\xce\xc4\r\nX: " + b"y" * 2000 + b"\r\n\r\nno end of line \xff")
    server.put("INBOX", mail(40), "\\Flagged work $Forwarded")  # keywords are not told to a Maildir


def compare():
    there = {name: collections.Counter((digest(data), frozenset(f for f in flags if f[0] == "\\")) for flags, data in box.values())
             for name, box in server.all().items()}
    here = local()
    assert sorted(here) == sorted(there), (sorted(here), sorted(there))
    for name in there:
        assert here[name] == there[name], (name, "only here", here[name] - there[name], "only there", there[name] - here[name])
    print(f"{sum(len(x) for x in here.values())} messages in {len(here)} folders are the same at both ends")
    assert sum(len(x) for x in here.values()) > 30


def change():
    set_flags(find("INBOX", first(0)), "SF")
    set_flags(find("INBOX", first(4)), "")
    os.remove(find("INBOX", first(8)))
    os.remove(find("工作/合同", first(1)))
    write("工作/合同", mail(100, attached=70000), "S")
    write("INBOX", mail(101))
    for box in ("新建", "新建/下级"):
        for d in ("cur", "new", "tmp"):
            os.makedirs(f"{HERE}/{box}/{d}", exist_ok=True)
    write("新建/下级", mail(102), "RS")

    server.change("INBOX", uid("INBOX", first(12)), ["UID STORE {} +FLAGS (\\Answered)"])
    server.change("INBOX", uid("INBOX", first(16)), ["UID STORE {} +FLAGS (\\Deleted)", "EXPUNGE"])
    server.change("R&D x", uid("R&D x", first(2)), ["UID MOVE {} INBOX"])
    server.put("已读 ~1", mail(103, attached=100), "\\Seen")
    server.do("CREATE fern")
    server.put("fern", mail(104))
    server.do("SUBSCRIBE fern")


def conflict():
    """The same flag at both ends, a message that both delete, one that is deleted here and flagged there."""
    set_flags(find("INBOX", first(20)), "FS")
    os.remove(find("INBOX", first(24)))
    os.remove(find("INBOX", first(28)))
    server.change("INBOX", uid("INBOX", first(20)), ["UID STORE {} +FLAGS (\\Flagged)"])
    server.change("INBOX", uid("INBOX", first(24)), ["UID STORE {} +FLAGS (\\Deleted)", "EXPUNGE"])
    server.change("INBOX", uid("INBOX", first(28)), ["UID STORE {} +FLAGS (\\Flagged)"])


{"fill": fill, "compare": compare, "change": change, "conflict": conflict}[STEP]()
server.do("LOGOUT")
