# SPDX-License-Identifier: MIT
# shared.py PORT: Ann shares with Bob; Eve has no part in it; the office's mailbox is Bob's too, by a group.
import imaplib
import sys
import time

port = int(sys.argv[1])
imaplib._MAXLINE = 1 << 20
for name in ("SETACL", "GETACL", "MYRIGHTS", "MOVE", "IDLE"):
    imaplib.Commands.setdefault(name, ("AUTH", "SELECTED"))


def login(who):
    m = imaplib.IMAP4("127.0.0.1", port)
    m.login(f"{who}@example.test", "pw")
    return m


def well(answer, what=""):
    assert answer[0] == "OK", (what, answer)
    return answer[1]


def refused(m, *command):
    typ, data = m.xatom(*command) if command[0] not in ("SELECT",) else m.select(command[1])
    assert typ == "NO", (command, typ, data)
    return data


def listed(m):
    return [line.decode() for line in well(m.list('""', '"Other Users/*"')) if line]


mail = b"Subject: %s\r\nFrom: x@example.test\r\n\r\n%s\r\n"
projects = '"Other Users/ann@example.test/Projects"'
ann, bob = login("ann"), login("bob")
well(ann.create("Projects"))
well(ann.append("Projects", None, None, mail % (b"one", b"first")))
well(ann.append("INBOX", None, None, mail % (b"private", b"SECRET")))
assert "ann@" not in str(listed(bob))
well(ann.setacl("Projects", "bob@example.test", "lr"))


# The directory hears of it behind the answer: the next login that comes after sees it.
def seen_by(who, mailbox, is_seen=True):
    for _ in range(100):
        m = login(who)
        if (mailbox.strip('"') in str(listed(m))) == is_seen:
            return m
        m.logout()
        time.sleep(0.05)
    raise AssertionError((who, mailbox, is_seen))


bob.logout()
bob = seen_by("bob", projects)
eve = login("eve")
assert not listed(eve)
refused(eve, "SELECT", projects)

# To read: no flag, nothing put there, nothing else of Ann's.
well(bob.select(projects, readonly=True))
assert b"[READ-ONLY]" in bob.xatom("SELECT", projects)[1][0]
assert b"first" in well(bob.fetch("1", "(BODY[])"))[0][1]
refused(bob, "STORE", "1", "+FLAGS", "(\\Seen)")
refused(bob, "SELECT", '"Other Users/ann@example.test/INBOX"')
well(bob.select(projects, readonly=True))
well(bob.copy("1", "INBOX"))
typ, data = bob.append(projects, None, None, mail % (b"x", b"x"))
assert typ == "NO", data

# A session that is parked is not one that has another's mailbox selected: it hears what comes, by itself.
bob.send(b"i IDLE\r\n")
assert bob.readline().startswith(b"+")
time.sleep(1)
well(ann.append("Projects", None, None, mail % (b"two", b"second")))
line = bob.readline()
assert line == b"* 2 EXISTS\r\n", line
# Taken away: it is over, at the next thing that happens there.
well(ann.setacl("Projects", "bob@example.test", '""'))
well(ann.append("Projects", None, None, mail % (b"three", b"third")))
while not line.startswith(b"* BYE"):
    line = bob.readline()
    assert line and b"3 EXISTS" not in line, line

# Given again, with everything: at the next login his process may write there.
well(ann.setacl("Projects", "bob@example.test", "lrswipkxte"))
for _ in range(100):
    bob = login("bob")
    try:
        if bob.select(projects)[0] == "OK":
            break
    except imaplib.IMAP4.readonly:
        pass
    bob.shutdown()  # imaplib's logout would complain of the same again
    time.sleep(0.05)
else:
    raise AssertionError("bob may not write")
well(bob.select(projects))
well(bob.store("1", "+FLAGS", "(\\Flagged word)"))
well(bob.append(projects, "(\\Seen)", None, mail % (b"four", b"from bob")))
well(bob.create('"Other Users/ann@example.test/Projects/Bob"'))
well(bob.xatom("MOVE", "3", '"Other Users/ann@example.test/Projects/Bob"'))
well(bob.copy("1", "INBOX"))
well(ann.select("Projects"))
assert b"\\Flagged" in well(ann.fetch("1", "(FLAGS)"))[0]
assert b"from bob" in well(ann.fetch("3", "(BODY[])"))[0][1]
well(ann.select("Projects/Bob"))
assert b"third" in well(ann.fetch("1", "(BODY[])"))[0][1]
# Between the accounts the bytes are copied: what Ann expunges Bob still has.
well(ann.select("Projects"))
well(ann.store("1:*", "+FLAGS", "(\\Deleted)"))
well(ann.expunge())
well(bob.select("INBOX"))
assert b"first" in well(bob.fetch("1", "(BODY[])"))[0][1]

# The office's mailbox is the group's.
office = '"Other Users/office@example.test/INBOX"'
assert "office@example.test" not in str(listed(login("eve")))
bob.logout()
bob = login("bob")
well(bob.append(office, None, None, mail % (b"office", b"for the office")))
well(bob.create('"Other Users/office@example.test/Customers"'))
well(bob.append('"Other Users/office@example.test/Customers"', None, None, mail % (b"c", b"customer")))

ann.logout()
bob.logout()
