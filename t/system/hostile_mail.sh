#!/bin/sh
# SPDX-License-Identifier: MIT
# Mail that is made to hurt those who read it: what clients ask for of every message is answered well
# formed, in the time and memory that a session has, and the mail beside it is as it was.
. "$(dirname "$0")/lib.sh"
JDMAIL_PARK_AFTER=1h  # its memory is looked at after long answers
export JDMAIL_PARK_AFTER
ctl init --domain example.test --port-base "$base" --yes
sed -i 's/^message_size = .*/message_size = "150M"/; s/^session_cpu = .*/session_cpu = "60s"/' "$dir/etc/jdmail.toml"
echo pw | ctl user add ann@example.test --password-stdin
ctl start
python3 t/system/hostile_mail.py "$dir" "$(port 25)" "$(port 143)" "$(port 110)" || fail "hostile_mail.py"
! grep 'session_failed\|session_died\|imap_command_failed\|imap_message_unreadable' "$dir/log/sessiond/current" || fail "the log has errors"
ctl mailbox check ann@example.test | grep -q ' 0 faults' || fail "mailbox check finds faults"
