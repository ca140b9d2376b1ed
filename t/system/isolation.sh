#!/bin/sh
# SPDX-License-Identifier: MIT
# What code that has taken over a session's process can reach: nothing but that user's mailbox.  Then
# the limits of a session: memory and time of the processor, each with an answer that says so.
. "$(dirname "$0")/lib.sh"
instance
curl -sS -u bob@example.test:pw "imap://127.0.0.1:$(port 143)/" >/dev/null
curl -sS -u ann@example.test:pw "imap://127.0.0.1:$(port 143)/" >/dev/null
mail=$(cd "$dir/mail" && pwd)/example.test
if [ "$(uname -r | cut -d. -f1)" -lt 5 ] || ! grep -q landlock /sys/kernel/security/lsm 2>/dev/null; then
  "$O/t/confined" "$mail/ann" "$mail/bob/tree" $$ 2>&1 | grep -q 'step=landlock' && { echo "left out: this kernel has no Landlock"; exit 0; }
fi
"$O/t/confined" "$mail/ann" "$mail/bob/tree" $$ || fail "a session reaches what is not its own"
# With an account that its user may read beside it: not a byte is written there, and bob's stays closed.
cp -r "$mail/ann" "$mail/shared"
"$O/t/confined" "$mail/ann" "$mail/bob/tree" $$ "$mail/shared" || fail "a session writes what it may only read"
# And with one that its user may write: bob's stays closed.
"$O/t/confined" "$mail/ann" "$mail/bob/tree" $$ "$mail/shared" write || fail "a session that may write another's mailbox reaches a third one"
rm -r "$mail/shared"
# One that runs in the instance: the kernel says the same of it.
python3 - "$dir" "$(port 143)" <<'PY' || fail "a worker is not confined"
import imaplib, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[2]))
m.login("ann@example.test", "pw")
with open(f"{sys.argv[1]}/run/sessiond.lock") as f:
    master = f.read().strip()
with open(f"/proc/{master}/task/{master}/children") as f:
    workers = f.read().split()
assert workers
for p in workers:
    with open(f"/proc/{p}/status") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
m.logout()
PY
# Limits: one session more than a user may have is refused, with a reason; others come in.
sed -i 's/^sessions_per_user.*/sessions_per_user = 2/' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
python3 - "$(port 143)" "$(port 110)" <<'PY' || fail "the limit of sessions"
import imaplib, poplib, sys, time
def imap(user):
    c = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
    c.login(f"{user}@example.test", "pw")
    return c
def until_in(user):
    for _ in range(100):  # the doors of before may say BYE; one that ends has not ended at once
        try:
            return imap(user)
        except (imaplib.IMAP4.error, OSError):
            time.sleep(0.1)
    raise AssertionError("no login")
kept = [until_in("ann"), until_in("ann")]
try:
    imap("ann")
    raise AssertionError("a third session")
except imaplib.IMAP4.error as e:
    assert "[LIMIT] you have too many sessions already" in str(e), e
c = poplib.POP3("127.0.0.1", int(sys.argv[2]))
c.user("ann@example.test")
try:
    c.pass_("pw")
    raise AssertionError("a third session, by POP3")
except poplib.error_proto as e:
    assert "[SYS/TEMP] you have too many sessions already" in str(e), e
imap("bob").logout()
kept.pop().logout()
until_in("ann").logout()
PY
sed -i 's/^sessions_per_user.*/sessions_per_user = 50/' "$dir/etc/jdmail.toml"
# What is too much ends that session, with a reason, and no other.
sed -i 's/^session_memory.*/session_memory = "24M"/' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
python3 - "$(port 143)" <<'PY' || fail "the limit of memory"
import imaplib, socket, sys, time
port = int(sys.argv[1])
def open_one():
    for _ in range(100):  # the doors of before may say BYE
        s = socket.create_connection(("127.0.0.1", port), timeout=30)
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"a LOGIN ann@example.test pw\r\n")
        if f.readline().startswith(b"a OK"):
            return s, f
        time.sleep(0.1)
    raise AssertionError("no login")
s, f = open_one()
t, g = open_one()
s.sendall(b"b APPEND INBOX {40000000}\r\n")
assert f.readline().startswith(b"+")
try:
    s.sendall(b"x" * 40000000)
except OSError:
    pass
said = f.readline()
assert said.startswith(b"* BYE [UNAVAILABLE] this takes more memory"), said
t.sendall(b"b NOOP\r\n")
assert g.readline().startswith(b"b OK")
PY
grep -q 'out of memory: access.session_memory' "$dir/log/sessiond/current" || fail "it is not logged"

sed -i 's/^session_memory.*/session_memory = "1G"/; s/^session_cpu.*/session_cpu = "1s"/' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
python3 - "$(port 143)" <<'PY' || fail "the limit of processor time"
import socket, sys, time
port = int(sys.argv[1])
for _ in range(100):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    f = s.makefile("rb")
    f.readline()
    s.sendall(b"a LOGIN ann@example.test pw\r\n")
    if f.readline().startswith(b"a OK"):
        break
    time.sleep(0.1)
mail = b"Subject: x\r\nContent-Type: text/plain\r\n\r\n" + b"a long line without what is sought in it, again and again\r\n" * 300000
s.sendall(b"b APPEND INBOX {%d}\r\n" % len(mail))
assert f.readline().startswith(b"+")
s.sendall(mail + b"\r\n")
while not f.readline().startswith(b"b OK"):
    pass
s.sendall(b"c SELECT INBOX\r\n")
while not f.readline().startswith(b"c OK"):
    pass
s.sendall(b"".join(b"n%d SEARCH BODY zq%d\r\n" % (i, i) for i in range(500)))
said = f.readline()
while said and not said.startswith(b"* BYE"):
    said = f.readline()
assert said.startswith(b"* BYE [UNAVAILABLE] this takes more time"), said
PY
grep -q 'out of CPU time: access.session_cpu' "$dir/log/sessiond/current" || fail "it is not logged"
