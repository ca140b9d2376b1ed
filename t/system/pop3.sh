#!/bin/sh
# SPDX-License-Identifier: MIT
# POP3 through the front door: UTF8 and LANG from the door into the session, names and passwords in UTF-8, one session at
# a time, a wait between two logins, and what a poll without news costs (strace counts).
. "$(dirname "$0")/lib.sh"
tracer=
at_end() { [ -z "$tracer" ] || kill "$tracer" 2>/dev/null; }
set_key() { sed -i "s|^$1 = .*|$1 = $2|" "$dir/etc/jdmail.toml"; grep -q "^$1 = $2\$" "$dir/etc/jdmail.toml" || fail "no $1 in the configuration"; }
again() { ctl stop >/dev/null; ctl start >/dev/null; }
instance >/dev/null
printf '密码é' | ctl user passwd bob@example.test --password-stdin >/dev/null
printf 'From: 安娜 <ann@example.test>\r\nSubject: 你好\r\n\r\nx\r\n' >"$dir/m"
curl -sS -u ann@example.test:pw "imap://127.0.0.1:$(port 143)/INBOX" -T "$dir/m" || fail "APPEND"

cat >"$dir/pop.py" <<'P'
import socket, sys
class Pop:
    def __init__(self, port):
        self.f = socket.create_connection(("127.0.0.1", int(port)), 30).makefile("rwb")
        self.line()
    def line(self): return self.f.readline().decode().rstrip("\r\n")
    def say(self, command):
        self.f.write(command.encode() + b"\r\n"); self.f.flush()
        return self.line()
    def all(self, command):
        lines = [self.say(command)]
        while lines[-1] != "." and lines[0].startswith("+OK"): lines.append(self.line())
        return lines
    def log_in(self, user, password="pw"):
        self.say("USER " + user + "@example.test")
        return self.say("PASS " + password)
def want(got, *parts):
    for p in parts:
        if p not in got: sys.exit("FAIL: expected %r in %r" % (p, got))
P
python3 - "$dir" "$(port 110)" <<'P'
import sys; sys.path.insert(0, sys.argv[1])
from pop import *
# Without UTF8 in ASCII form, with it as it was sent; the size is that of what comes.
for first, subject in (("NOOP", "=?utf-8?B?5L2g5aW9?="), ("UTF8", "你好")):
    p = Pop(sys.argv[2])
    want(p.say(first), "+OK")
    want(p.log_in("ann"), "+OK logged in")
    lines = p.all("RETR 1")
    want(lines, "Subject: " + subject, ".")
    size = sum(len(l.encode()) + 2 for l in lines[1:-1])
    want(lines[0], "+OK %d octets" % size)
    want(p.say("LIST 1"), "+OK 1 %d" % size)
    want(p.say("STAT"), "+OK 1 %d" % size)
# LANG before login holds after it.
p = Pop(sys.argv[2])
want(p.say("LANG zh-CN"), "+OK zh ")
want(p.log_in("ann", "no"), "-ERR [AUTH] 用户名或密码错误")
want(p.log_in("ann"), "+OK 登录成功")
want(p.say("RSET"), "+OK 已取消所有删除标记")
want(p.say("LANG *"), "+OK en ")
want(p.say("RSET"), "+OK nothing is deleted")
# A password in UTF-8, in either form of its last letter (RFC 4013).
for password in ("密码é", "密码e\u0301"): want(Pop(sys.argv[2]).log_in("bob", password), "+OK")
want(Pop(sys.argv[2]).log_in("bob", "密码e"), "-ERR [AUTH]")
# Several sessions of one mailbox.
a, b = Pop(sys.argv[2]), Pop(sys.argv[2])
want(a.log_in("ann"), "+OK"); want(b.log_in("ann"), "+OK")
P

# --- one session at a time; killed, it has the mailbox no longer
set_key pop3_exclusive true
again
workers() { tr ' ' '\n' <"/proc/$1/task/$1/children" | grep . || true; }
cat >"$dir/alone.py" <<'P'
import os, signal, subprocess, sys; sys.path.insert(0, sys.argv[1])
from pop import *
import imaplib
port, imap, sessiond = sys.argv[2], sys.argv[3], sys.argv[4]
children = lambda: set(open("/proc/%s/task/%s/children" % (sessiond, sessiond)).read().split())
a = Pop(port)
want(a.log_in("ann"), "+OK")
first = children()
for _ in range(3):
    b = Pop(port)
    want(b.log_in("ann"), "-ERR [IN-USE]")
    want(repr(b.line()), "''")
want(Pop(port).log_in("bob", "密码é"), "+OK")
i = imaplib.IMAP4("127.0.0.1", int(imap)); i.login("ann@example.test", "pw"); want(str(i.select()), "OK")
want(a.say("STAT"), "+OK 1 ")
for pid in first: os.kill(int(pid), signal.SIGKILL)
want(repr(a.line()), "''")
c = Pop(port)
want(c.log_in("ann"), "+OK")
want(c.say("QUIT"), "+OK")
want(Pop(port).log_in("ann"), "+OK")
P
python3 "$dir/alone.py" "$dir" "$(port 110)" "$(port 143)" "$(s6-svstat -o pid "$dir/service/sessiond")"

# --- a wait between two logins
set_key pop3_exclusive false
set_key pop3_login_delay '"24h"'
set_key pop3_language '"zh"'
again
python3 - "$dir" "$(port 110)" "$(port 143)" <<'P'
import sys; sys.path.insert(0, sys.argv[1])
from pop import *
import imaplib
p = Pop(sys.argv[2])
want(p.all("CAPA"), "LOGIN-DELAY 86400", "EXPIRE NEVER", "UTF8 USER", "LANG")
want(p.log_in("ann", "no"), "-ERR [AUTH]")
want(p.log_in("ann"), "+OK")
want(p.all("CAPA"), "LOGIN-DELAY 86400")
want(p.say("LANG *"), "+OK zh ")
q = Pop(sys.argv[2])
want(q.log_in("ann"), "-ERR [LOGIN-DELAY]")
want(q.log_in("bob", "密码é"), "+OK")  # another account may, on the same connection
i = imaplib.IMAP4("127.0.0.1", int(sys.argv[3])); want(str(i.login("ann@example.test", "pw")), "OK")
P

# --- what a poll without news costs
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null || { echo "left out: the calls of a POP3 poll (needs strace, and a system that lets it trace)"; exit 0; }
set_key pop3_login_delay '"0s"'
again
fill() {  # fill ADDRESS NUMBER
  python3 -c "
for n in range($2): print('From a@b Sat Jan  3 01:05:34 1998\nFrom: a@b\nSubject: %d\n\n%s\n' % (n, 'x' * 500))" >"$dir/mbox"
  ctl mailbox import "$1" "$dir/mbox" >/dev/null
}
fill ann@example.test 1000
fill bob@example.test 8000
cat >"$dir/poll.py" <<'P'
import sys; sys.path.insert(0, sys.argv[1])
from pop import *
p = Pop(sys.argv[2])
want(p.log_in(*sys.argv[3:]), "+OK")
p.say("STAT"); p.all("UIDL"); p.all("LIST")
want(p.say("QUIT"), "+OK")
P
poll() { python3 "$dir/poll.py" "$dir" "$(port 110)" "$@"; }
sessiond=$(s6-svstat -o pid "$dir/service/sessiond")
calls() {  # calls NAME USER PASSWORD: those of two polls by a new worker; the one before has made what is derived
  poll "$2" "$3"; poll "$2" "$3"
  for w in $(workers "$sessiond"); do kill -9 "$w" 2>/dev/null || true; done
  wait_for 50 sh -c "! grep -q . /proc/$sessiond/task/$sessiond/children"
  strace -f -o "$dir/$1" -e trace=file,desc,process,fsync,fdatasync -p "$sessiond" 2>"$dir/err" 9>&- & tracer=$!
  wait_for 100 grep -q attached "$dir/err"
  poll "$2" "$3"; poll "$2" "$3"
  kill -INT $tracer; wait $tracer 2>/dev/null || true; tracer=
}
calls small ann pw
calls large bob '密码é'
count() { grep -cE "^[0-9]+ +$2" "$dir/$1" || true; }
bytes() { grep -E "^[0-9]+ +(read|pread64|readv|preadv)\(" "$dir/$1" | sed -n 's/.* = \([0-9][0-9]*\)$/\1/p' | awk '{n += $1} END {print n + 0}'; }
for f in small large; do
  [ "$(count $f 'openat\(.*index')" -ge 1 ] || fail "nothing was traced: $(cat "$dir/err")"
  [ "$(count $f '(getdents|getdents64)\(')" = 0 ] || fail "a poll lists a directory"
  # The account's lock, which is there, is opened so.
  [ "$(count $f '(fsync|fdatasync|rename|unlink|openat\(.*O_TRUNC|openat\([0-9]+, "[^l][^"]*",.*O_CREAT)')" = 0 ] || { grep -E 'sync|rename|unlink|O_CREAT|O_TRUNC' "$dir/$f"; fail "a poll writes"; }
  echo "two polls of the $f mailbox: $(count $f 'openat\(') files opened, $(bytes $f) bytes read, $(count $f '(clone|clone3|fork)\(') process"
done
[ "$(count large 'openat\(')" -le "$(count small 'openat\(')" ] || { grep openat "$dir/large"; fail "a larger mailbox needs more files"; }
[ "$(count small 'openat\(')" -le 20 ] || { grep openat "$dir/small"; fail "too many files are opened"; }
[ "$(bytes large)" -le $(($(bytes small) + 4096)) ] || { grep -E 'read' "$dir/large" | sort -t= -k2 -n | tail -n 5; fail "what is read grows with the mailbox"; }
