#!/bin/sh
# SPDX-License-Identifier: MIT
# What is old goes by itself: expiry of Trash and named folders, deleted folders that nobody wants
# back; killed at any time it goes on; by hand with jdctl mailbox expire, dry first.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: keeping mailboxes (no python3)"; exit 0; }
ctl init --domain example.test --port-base "$base" --yes >/dev/null
set_to() { sed -i "s/^$1 = .*/$1 = $2/" "$dir/etc/jdmail.toml"; }
for a in ann bob; do echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null; done
imap() { printf "$2" | "$B/imapd" --prefix "$dir" --user "$1@example.test"; }
append() { imap "$1" "a CREATE $2\r\nb APPEND $2 {12+}\r\nSubject: one\r\nc LOGOUT\r\n" | grep -q '^b OK' || fail "APPEND $2"; }
count() { ctl mailbox list "$1@example.test" --json | python3 -c 'import json, sys; print(sum(f["messages"] for f in json.load(sys.stdin) if f["folder"] == sys.argv[1]))' "$2"; }
is() { [ "$(count "$1" "$2")" = "$3" ]; }
for a in ann bob; do append $a Trash; append $a Lists/x; append $a INBOX; done
imap ann 'a CREATE Gone\r\nb DELETE Gone\r\nc LOGOUT\r\n' >/dev/null
is ann Trash 1 && is ann Lists/x 1 || fail "no mail"

# --- by hand
status=0; ctl mailbox expire ann@example.test 2>"$dir/err" || status=$?
[ $status = 100 ] && grep -q 'nothing expires' "$dir/err" || fail "without rules: $status"
status=0; ctl mailbox expire ann@example.test --folder Nowhere --older 1d 2>"$dir/err" || status=$?
[ $status = 100 ] && grep -q "no folder" "$dir/err" || fail "an unknown folder: $status"
ctl mailbox expire ann@example.test --folder Lists --older 1d | grep -q 'expunged 0 messages' || fail "too early"
sleep 2  # the clock counts seconds; only later is older
ctl mailbox expire ann@example.test --folder Lists --older 1s --dry-run | grep -q 'would expunge 1 message' || fail "dry run"
is ann Lists/x 1 || fail "--dry-run expunged"
ctl mailbox expire ann@example.test --folder Lists --older 1s | grep -q 'expunged 1 message' || fail "by hand"
is ann Lists/x 0 || fail "nothing was expunged"
ctl mailbox undelete ann@example.test --folder Lists/x >/dev/null
is ann Lists/x 1 || fail "it did not come back"

# --- space: a large message that nobody names any more
orphan() { mkdir -p "$dir/mail/example.test/$1/big"; head -c 200000 /dev/zero >"$dir/mail/example.test/$1/big/00000000000000aa"; }
orphan ann; orphan bob
ctl mailbox compact bob@example.test --dry-run | grep -q '195.3K of .* can no longer be undeleted' || fail "$(ctl mailbox compact bob@example.test --dry-run)"
[ -e "$dir/mail/example.test/bob/big/00000000000000aa" ] || fail "--dry-run removed it"
ctl mailbox compact bob@example.test | grep -q '195.3K of .* given back' || fail "compact"
[ ! -e "$dir/mail/example.test/bob/big/00000000000000aa" ] || fail "it is there still"
ctl mailbox check bob@example.test | grep -q ' 0 faults' || fail "faults after compact"

# --- the configuration is checked where it is read
set_to expire '["Lists"]'
! ctl config check 2>"$dir/err" || fail "a wrong rule was taken"
grep -q 'Lists/Announce 90d' "$dir/err" || fail "$(cat "$dir/err")"

# --- by itself; with a day as the shortest time nothing is old yet
set_to expire '["Lists 1s"]'; set_to keep_every '"1s"'; set_to trash_days 1
ctl start >/dev/null
wait_for 300 is ann Lists/x 0
wait_for 300 is bob Lists/x 0
is ann Trash 1 && is bob Trash 1 && is ann INBOX 1 || fail "something else went"
grep -q 'expired .*user=ann@example.test folder=Lists/x messages=1' "$dir/log/keeperd/current" || fail "no line"
grep -q 'compacted .*user=ann@example.test .*files=1 freed=200000' "$dir/log/keeperd/current" || fail "no space was given back"
[ -e "$dir/mail/example.test/ann/kept" ] || fail "no time is noted"
ctl mailbox undelete ann@example.test --list | grep -q Gone || fail "a folder that was deleted just now is gone"

! grep -h boot_unknown "$dir"/log/*/current || fail "a program does not know which start of the machine this is"

# --- killed, it is started again and goes on
pid=$(cat "$dir/run/keeperd.lock")
kill -9 $pid
append bob Lists/x
sleep 2
wait_for 300 is bob Lists/x 0
ctl stop >/dev/null

# --- the sums of quotas: where nobody has a limit they are not begun, so no delivery has to keep them
imap ann 'a GETQUOTAROOT INBOX\r\nb LOGOUT\r\n' | grep -q '^a OK' || fail "GETQUOTAROOT"
[ ! -s "$dir/mail/example.test/ann/lock" ] || fail "sums are kept though there is no limit"
