#!/bin/sh
# SPDX-License-Identifier: MIT
# Supervision: a daemon killed with -9 comes back; when its supervisor is killed, the daemon goes on and
# no second copy works beside it; when the whole supervision is killed, status says so; stop and start
# work after each of these.
. "$(dirname "$0")/../system/lib.sh"
instance
pid_of() { cat "$dir/run/$1.lock"; }
left() { find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd -lname "$dir*" 2>/dev/null | cut -d/ -f3 | sort -u | grep -vx $$ || true; }
state() { ctl status | grep "^$1 " | tr -s ' ' | cut -d' ' -f2,3; }
answers() { python3 -c "import smtplib; smtplib.SMTP('127.0.0.1', $(port 25), timeout=10).noop()"; }
for p in directoryd queue-inject local-deliver remote-deliver qrun sessiond smtpd frontd; do
  old=$(pid_of $p)
  kill -9 "$old"
  wait_for 100 sh -c "[ \"\$(cat $dir/run/$p.lock)\" != $old ] && $B/jdctl --prefix $dir status | grep -q '^$p  *running'"
done
answers
ctl status --json | grep -q '"restarts": 1' || fail "status does not count restarts"

# Its supervisor is killed: the daemon serves on, a second one waits for the lock.
old=$(pid_of smtpd)
for s in $(pgrep -f '^s6-supervise smtpd$'); do
  [ "$(readlink "/proc/$s/cwd")" = "$dir/service/smtpd" ] && kill -9 "$s"
done
wait_for 100 grep -q "^.* waiting .*prog=smtpd" "$dir/log/smtpd/current"
[ "$(pid_of smtpd)" = "$old" ] || fail "another smtpd has the lock"
answers
ctl stop
[ -z "$(left)" ] || fail "still there after stop: $(ps -o pid,args -p "$(left | tr '\n' ,)0")"
ctl start
answers

# Everything that supervises is killed.
for s in $(pgrep -x s6-svscan) $(pgrep -x s6-supervise); do
  case $(readlink "/proc/$s/cwd") in "$dir"/*) kill -9 "$s" ;; esac
done
status=0; said=$(ctl status) || status=$?
[ $status = 111 ] || fail "status without supervision ends with $status: $said"
echo "$said" | grep -q "orphan" || fail "status does not tell of the programs that go on: $said"
answers
ctl stop
[ -z "$(left)" ] || fail "still there after stop: $(ps -o pid,args -p "$(left | tr '\n' ,)0")"
ctl start
answers
ctl stop
