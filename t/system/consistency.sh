#!/bin/sh
# SPDX-License-Identifier: MIT
# 20 IMAP clients of one user, POP3 and deliveries, all at once, with random commands; sessions and
# deliveries are killed meanwhile.  Every answer is compared with what must be true.
# SEED=N repeats the choices of a run, DURATION=SECONDS makes it longer, PARK=TIME sets after how much
# silence a session is parked, KILLS=0 lets everybody live.
. "$(dirname "$0")/lib.sh"
JDMAIL_PARK_AFTER=${PARK:-300ms}
export JDMAIL_PARK_AFTER
instance
seed=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "SEED=$seed"
python3 t/system/consistency.py "$dir" "$B/jdctl" "$(port 25)" "$(port 143)" "$(port 993)" "$(port 110)" "$seed" "${DURATION:-20}" ||
  fail "consistency.py"
! grep 'signal=' "$dir/log/sessiond/current" | grep -v 'signal=9' || fail "a session died by itself"
! grep 'store_damage\|imap_sync_failed\|imap_command_failed' "$dir/log/sessiond/current" || fail "the log has errors"
ctl mailbox check ann@example.test | grep ' 0 faults' || fail "mailbox check finds faults"
