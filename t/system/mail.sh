#!/bin/sh
# SPDX-License-Identifier: MIT
# Mail from SMTP, submission and LMTP into mailboxes: aliases, sub-addresses, Maildir, refusals.
. "$(dirname "$0")/lib.sh"
instance
ctl alias add sales@example.test ann@example.test bob@example.test "maildir:$dir/md"
ctl alias add loop1@example.test loop2@example.test
ctl alias add loop2@example.test loop1@example.test ann@example.test
send() { swaks --silent 3 --server "127.0.0.1:$(port 25)" --from out@elsewhere.test --to "$1" --header "Subject: $2" --body "body of $2"; }
count() { ctl mailbox list "$1@example.test" 2>/dev/null | awk '$1 == "INBOX" {print $2}'; }
has() { [ "$(count "$1")" = "$2" ]; }

send ann@example.test one
wait_for 100 has ann 1
send ann+tag@example.test two
wait_for 100 has ann 2
send sales@example.test three
wait_for 100 has ann 3
wait_for 100 has bob 1
wait_for 50 sh -c "ls '$dir/md/new' | grep -q ."
send loop1@example.test four
wait_for 100 has ann 4
send postmaster@example.test five
wait_for 100 has ann 5

! send nobody@example.test x >"$dir/out" 2>&1 || fail "an unknown recipient was taken"
! send someone@elsewhere.test x >"$dir/out" 2>&1 || fail "relayed for a stranger"
swaks --silent 3 --server "127.0.0.1:$(port 587)" --tls -au bob@example.test -ap pw --from bob@example.test --to ann@example.test --body x
wait_for 100 has ann 6
swaks --silent 3 --server "127.0.0.1:$(port 465)" --tls-on-connect -au bob@example.test -ap pw --from bob@example.test --to ann@example.test --body x
wait_for 100 has ann 7
! swaks --silent 3 --server "127.0.0.1:$(port 587)" --tls -au bob@example.test -ap wrong --from bob@example.test --to ann@example.test --body x || fail "a wrong password was taken"
! swaks --silent 3 --server "127.0.0.1:$(port 587)" --from bob@example.test --to ann@example.test --body x || fail "submission without login"
swaks --silent 3 --protocol LMTP --socket "$dir/run/lmtp.sock" --from out@elsewhere.test --to ann@example.test --body x
wait_for 100 has ann 8

head -c 3000000 /dev/urandom | base64 >"$dir/big"
swaks --silent 3 --server "127.0.0.1:$(port 25)" --from out@elsewhere.test --to bob@example.test --body "@$dir/big"
wait_for 100 has bob 2
ctl mailbox cat bob@example.test INBOX 2 | tr -d '\r' | grep -qF "$(tail -n 1 "$dir/big")" || fail "the large message is not whole"
ctl mailbox check bob@example.test >/dev/null

id=$(ctl trace bob@example.test --raw | sed -n 's/.* qid=\([0-9a-z]*\) .*/\1/p' | tail -n 1)
ctl trace "$id" --raw | grep -q 'stored' || fail "trace does not tell the delivery"
ctl queue list | grep -q 'the queue is empty' || fail "the queue is not empty"

# A command that works while everything is down; what it took is delivered after the start.
ctl stop
printf 'Fout@elsewhere.test\0Tann@example.test\0\0' >"$dir/envelope"
printf 'Subject: while down\r\n\r\nx\r\n' | "$B/queue-inject" --prefix "$dir" 1<"$dir/envelope"
ctl start
wait_for 100 has ann 9
