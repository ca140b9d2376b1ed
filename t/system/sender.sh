#!/bin/sh
# SPDX-License-Identifier: MIT
# Who is logged in sends from his own addresses: his own, aliases that lead to him, sub-addresses, and
# those that he was given the right for; a change counts at once.
. "$(dirname "$0")/lib.sh"
instance
send() {  # send AS FROM [header From]
  swaks --server 127.0.0.1 --port "$(port 587)" --auth PLAIN --auth-user "$1@example.test" --auth-password pw --from "$2" \
    --to bob@example.test --header "From: ${3:-$2}" >"$dir/out" 2>&1
}
refused() { ! send "$@" || fail "$1 sent as $2"; grep -q '55[03] 5.7.1' "$dir/out" || fail "another refusal: $(cat "$dir/out")"; }
ctl alias add team@example.test crew@example.test
ctl alias add crew@example.test ann@example.test loop@example.test
ctl alias add loop@example.test team@example.test
send ann ann@example.test || fail "her own address"
send ann Ann+shop@Example.test || fail "her sub-address"
send ann team@example.test || fail "an alias of an alias"
send ann '<>' || fail "a notification"
refused bob team@example.test
refused ann bob@example.test
refused ann nobody@example.test
refused ann ann@elsewhere.test
ctl user send-as add ann@example.test boss@elsewhere.test bob@example.test
send ann boss@elsewhere.test || fail "a right that was given"
send ann bob+x@example.test || fail "a right, and its sub-address"
refused bob boss@elsewhere.test
[ "$(ctl user send-as list ann@example.test --json | tr -d ' \n')" = '[{"sender":"boss@elsewhere.test"},{"sender":"bob@example.test"}]' ] || fail "the list of rights"
ctl user send-as remove ann@example.test boss@elsewhere.test
refused ann boss@elsewhere.test
! ctl user send-as remove ann@example.test boss@elsewhere.test 2>/dev/null || fail "a right that was not there was removed"
ctl user send-as add ann@example.test @elsewhere.test
send ann anything@elsewhere.test || fail "a whole domain"
send ann ann@example.test "Boss <boss@nowhere.test>" || fail "the header is not looked at unless asked for"
sed -i 's/^check_header_from = .*/check_header_from = true/' "$dir/etc/jdmail.toml"
ctl reload
is_refused() { ! send "$@"; }
wait_for 50 is_refused ann ann@example.test "Boss <boss@nowhere.test>"
send ann ann@example.test "Ann <ann+news@example.test>" || fail "her own address in the header"
# Mail from outside asks nobody about its sender.
swaks --server 127.0.0.1 --port "$(port 25)" --from bob@example.test --to ann@example.test >/dev/null || fail "mail without a login"
grep -q 'sender_refused .*user=ann@example.test' "$dir/log/smtpd/current" || fail "no line in the log"
