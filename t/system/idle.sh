#!/bin/sh
# SPDX-License-Identifier: MIT
# 10,000 idle connections at smtpd, then 10,000 at frontd (2,000 of them over TLS): a client that comes
# then is served.  With few descriptors: 421, a log line, and service again when they are free.
. "$(dirname "$0")/lib.sh"
count=10000
hard=$(ulimit -Hn)
if [ "$hard" != unlimited ] && [ "$hard" -lt $((count + 1000)) ]; then
  echo "left out: $count idle connections (the hard limit of descriptors is $hard)"
  exit 0
fi
ulimit -n "$hard"
instance
idle() { python3 t/system/idle.py "$dir" "$@" || fail "idle $*"; }
idle hold smtpd "$(port 25)" $count 0
idle hold frontd "$(port 143)" $((count - 2000)) 0 "$(port 993)" 2000 1
ctl stop
(ulimit -n 400; ctl start)
idle exhaust smtpd "$(port 25)" 1200
idle exhaust frontd "$(port 143)" 1200
grep -q out_of_descriptors "$dir/log/smtpd/current" || fail "smtpd does not log it"
grep -q out_of_descriptors "$dir/log/frontd/current" || fail "frontd does not log it"
[ "$(grep -c out_of_descriptors "$dir/log/smtpd/current")" -lt 100 ] || fail "a flood of log lines"
