#!/bin/sh
# SPDX-License-Identifier: MIT
# 10,000 messages of 4 KB and 20 KB over 20 sessions all arrive, once each; the same with a daemon
# killed every second; and while the instance is stopped in order and started again.
. "$(dirname "$0")/../system/lib.sh"
instance
python3 t/crash/load.py "$dir" "$(port 25)" "$(port 143)" "${N:-10000}" 20 0
ctl stop
rm -rf "$dir/mail/example.test/ann"
ctl start
python3 t/crash/load.py "$dir" "$(port 25)" "$(port 143)" "${N:-10000}" 20 1
ctl mailbox check ann@example.test | grep -q ' 0 faults' || fail "mailbox check finds faults"
ctl stop
rm -rf "$dir/mail/example.test/ann"
ctl start
python3 t/crash/load.py "$dir" "$(port 25)" "$(port 143)" "${N:-10000}" 20 "$B/jdctl" || fail "restarts in order"
ctl mailbox check ann@example.test | grep -q ' 0 faults' || fail "mailbox check finds faults"
