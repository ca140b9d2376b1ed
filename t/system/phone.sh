#!/bin/sh
# SPDX-License-Identifier: MIT
# A phone as a client: short connections that break anywhere, partial bodies, IDLE, QRESYNC.  Sessions that are
# silent are parked soon, so that parked ones break, too.
. "$(dirname "$0")/lib.sh"
JDMAIL_PARK_AFTER=200ms
export JDMAIL_PARK_AFTER
instance
python3 t/system/phone.py "$(port 143)" "$(port 993)" || fail "phone.py"
! grep -q 'session_died\|session_not_resumed level=\|level=error' "$dir/log/sessiond/current" || fail "the log has errors"
