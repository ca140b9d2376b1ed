#!/bin/sh
# SPDX-License-Identifier: MIT
# What a message costs of the system's dear calls, from the door to the mailbox (strace counts): no process, next to
# no file created, renamed or removed, and at most one sync for each.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null || { echo "left out: syscalls (needs strace, and a system that lets it trace)"; exit 0; }
tracer=
at_end() { [ -z "$tracer" ] || kill "$tracer" 2>/dev/null; }
instance >/dev/null
cat >"$dir/send.py" <<'P'
import smtplib, sys, threading
port, sessions, each = (int(a) for a in sys.argv[1:])
def session(n):
    s = smtplib.SMTP("127.0.0.1", port)
    for i in range(each):
        s.sendmail("out@elsewhere.test", ["ann@example.test" if (n + i) % 2 else "bob@example.test"], "Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * 50)
    s.quit()
threads = [threading.Thread(target=session, args=(n,)) for n in range(sessions)]
for t in threads: t.start()
for t in threads: t.join()
P
stored() { [ "$(grep -h ' stored ' "$dir"/log/local-deliver/* | grep -c ' qid=')" = "$1" ]; }
python3 "$dir/send.py" "$(port 25)" 2 4  # mailboxes are made, workers are warm
wait_for 100 stored 8
pids=
for p in smtpd queue-inject qrun local-deliver directoryd; do
  pid=$(s6-svstat -o pid "$dir/service/$p")
  pids="$pids -p $pid $(sed 's/\([0-9][0-9]*\)/-p \1/g' "/proc/$pid/task/$pid/children")"
done
strace -f -o "$dir/calls" -e trace=process,openat,creat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,fsync,fdatasync,syncfs $pids 2>"$dir/err" 9>&- & tracer=$!
wait_for 100 grep -q attached "$dir/err"
sleep 1
python3 "$dir/send.py" "$(port 25)" 20 20
wait_for 300 stored 408
kill -INT $tracer; wait $tracer 2>/dev/null || true; tracer=
count() { grep -cE "^[0-9]+ +$1" "$dir/calls" || true; }
at_most() {  # at_most NUMBER PATTERN WHAT
  n=$(count "$2")
  echo "$3: $n for 400 messages"
  [ "$n" -le "$1" ] || { grep -E "^[0-9]+ +$2" "$dir/calls" | head -n 5; fail "$3: $n, not $1 at the most"; }
}
[ -s "$dir/calls" ] && [ "$(count '(fdatasync|fsync|syncfs)\(')" -gt 0 ] || fail "nothing was traced: $(cat "$dir/err")"
at_most 0 '(clone|clone3|fork|vfork|execve)\(' "processes"
at_most 20 '(openat\(.*O_CREAT|creat\(|mkdir)' "files created"
at_most 20 '(rename|link|unlink)[a-z0-9]*\(' "files renamed, linked or removed"
at_most 400 '(fdatasync|fsync|syncfs)\(' "syncs"
