#!/bin/sh
# SPDX-License-Identifier: MIT
# IMAP and POP3 through the front door with real clients: login, TLS, wrong passwords, suspension,
# a killed daemon, the session's sandbox.
. "$(dirname "$0")/lib.sh"
instance
ctl status --json | grep -q '"ready": true' || fail "status does not say ready"

printf 'Subject: first\r\n\r\nbody\r\n' >"$dir/m"
imap=imap://127.0.0.1:$(port 143) imaps=imaps://127.0.0.1:$(port 993) pop3=pop3://127.0.0.1:$(port 110)
curl -sS -u ann@example.test:pw "$imap/INBOX" -T "$dir/m" || fail "APPEND"
curl -sS -u ann@example.test:pw "$imap/INBOX;UID=1" | grep -q '^Subject: first' || fail "FETCH in clear"
curl -sSk -u ann@example.test:pw "$imaps/INBOX;UID=1" | cmp - "$dir/m" || fail "FETCH over TLS, byte for byte"
curl -sSk --ssl-reqd -u ann@example.test:pw "$imap/INBOX;UID=1" | cmp - "$dir/m" || fail "FETCH after STARTTLS"
curl -sS -u ann@example.test:pw "$pop3/1" | cmp - "$dir/m" || fail "RETR"
curl -sSk --ssl-reqd -u ann@example.test:pw "$pop3/1" | cmp - "$dir/m" || fail "RETR after STLS"

! curl -s -u ann@example.test:wrong "$imap/INBOX;UID=1" || fail "a wrong password was taken"
! curl -s -u nobody@example.test:pw "$imap/INBOX;UID=1" || fail "an unknown account was taken"
curl -s -u bob@example.test:pw "$imap/" -X 'SELECT INBOX' >/dev/null || fail "bob"
ctl user suspend bob@example.test
! curl -s -u bob@example.test:pw "$imap/" -X 'SELECT INBOX' >/dev/null || fail "a suspended account was taken"
ctl user resume bob@example.test
echo new | ctl user passwd bob@example.test --password-stdin
! curl -s -u bob@example.test:pw "$imap/" -X 'SELECT INBOX' >/dev/null || fail "the old password still works"
curl -s -u bob@example.test:new "$imap/" -X 'SELECT INBOX' >/dev/null || fail "the new password does not work"

ctl mailbox list ann@example.test | grep -q '^INBOX *1 ' || fail "mailbox list"
ctl mailbox cat ann@example.test INBOX 1 | cmp - "$dir/m" || fail "mailbox cat"
ctl mailbox check ann@example.test | grep -q '1 messages, 0 faults' || fail "mailbox check"

kill -9 "$(cat "$dir/run/directoryd.lock")"
wait_for 40 curl -s -u ann@example.test:pw "$imap/INBOX;UID=1"
ctl config check >/dev/null
sed -i 's/^processes/proceses/' "$dir/etc/jdmail.toml"
ctl config check 2>&1 | grep -q 'did you mean access.processes' || fail "config check does not help"
