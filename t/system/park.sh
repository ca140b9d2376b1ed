#!/bin/sh
# SPDX-License-Identifier: MIT
# Sessions that are silent are parked in sessiond, and nobody notices: numbers, news in IDLE, limits,
# reload, the end.  Plain and over TLS.
. "$(dirname "$0")/lib.sh"
JDMAIL_PARK_AFTER=200ms
export JDMAIL_PARK_AFTER
instance
for n in 0 1 2 3 4 5 6 7 8 9; do echo pw | ctl user add u$n@example.test --password-stdin >"$dir/out"; done
python3 t/system/park.py "$dir" "$B/jdctl" "$(port 143)" "$(port 993)" "$(port 110)" || fail "park.py"
! grep -q 'session_died\|session_not_resumed level=\|level=error' "$dir/log/sessiond/current" || fail "the log has errors"
# Nobody stays behind.
none_left() { ! pgrep -f "$B/sessiond --prefix $dir"; }
wait_for 50 none_left
