#!/bin/sh
# SPDX-License-Identifier: MIT
# Mailboxes that others share, with real clients: who sees what, what is taken away from an open session,
# an office's mailbox made with one command, mbsync, a reload, and what a restart must not lose.
. "$(dirname "$0")/lib.sh"
JDMAIL_PARK_AFTER=300ms
export JDMAIL_PARK_AFTER
instance
echo pw | ctl user add eve@example.test --password-stdin
ctl alias add sales@example.test bob@example.test
ctl user add office@example.test --no-login --shared-with group:sales@example.test
python3 t/system/shared.py "$(port 143)" || fail "shared.py"
# The operator's view and hand.
ctl mailbox acl list office@example.test INBOX | grep -q '^INBOX  *group:sales@example.test  *lrswipkxte$' || fail "acl list"
ctl mailbox acl list ann@example.test --json | grep -q '"identifier": *"bob@example.test"' || fail "acl list --json"
ctl mailbox acl set ann@example.test Projects eve@example.test lr
curl -sS -u eve@example.test:pw "imap://127.0.0.1:$(port 143)/" -X 'LIST "" "Other Users/*"' | grep -q 'ann@example.test/Projects' || fail "eve does not see it"
ctl mailbox acl delete ann@example.test Projects eve@example.test
curl -sS -u eve@example.test:pw "imap://127.0.0.1:$(port 143)/" -X 'LIST "" "Other Users/*"' | grep -q Projects && fail "eve still sees it"
! ctl mailbox acl set ann@example.test Projects nobody lr 2>/dev/null || fail "nobody got rights"
! ctl mailbox acl set ann@example.test Nowhere eve@example.test lr 2>/dev/null || fail "a folder that is not there"
! ctl mailbox acl list nobody@example.test 2>/dev/null || fail "an account that is not there"
# A reload and a restart of everything lose nothing.
ctl reload >/dev/null
ctl restart >/dev/null
curl -sS -u bob@example.test:pw "imap://127.0.0.1:$(port 143)/" -X 'LIST "" "Other Users/*"' >"$dir/seen"
grep -q 'office@example.test/INBOX' "$dir/seen" && grep -q 'ann@example.test/Projects' "$dir/seen" || fail "lost by a restart: $(cat "$dir/seen")"
if command -v mbsync >/dev/null; then
  mkdir -p "$dir/home/mail"
  cat >"$dir/mbsyncrc" <<RC
IMAPAccount bob
Host 127.0.0.1
Port $(port 143)
User bob@example.test
Pass pw
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bob

MaildirStore near
Path $dir/home/mail/
Inbox $dir/home/mail/INBOX
SubFolders Verbatim

Channel all
Far ":far:Other Users/office@example.test/INBOX"
Near :near:office
Create Near
SyncState *
Sync All
RC
  mbsync -c "$dir/mbsyncrc" all || fail "mbsync"
  grep -rq 'for the office' "$dir/home/mail/office" || fail "mbsync brought nothing"
fi
! grep -q 'session_died\|level=error\|shares_not_told' "$dir/log/sessiond/current" || fail "the log has errors"
