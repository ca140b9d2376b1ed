#!/bin/sh
# SPDX-License-Identifier: MIT
# The queue in the operator's hands: what waits and why, hold, release, retry, delete, flush; bounces
# to senders; qmail-queue's exit codes; a corrupt file.
. "$(dirname "$0")/lib.sh"
instance
ctl user add full@example.test --quota 1 --password-stdin <<X
pw
X
inject() { printf 'F%s\0T%s\0\0' "$1" "$2" >"$dir/e"; printf 'Subject: %s\n\nbody\n' "$3" | "$B/queue-inject" --prefix "$dir" 1<"$dir/e" 2>>"$dir/err"; }
count() { ctl mailbox list "$1@example.test" 2>/dev/null | awk '$1 == "INBOX" {print $2}'; }
has() { [ "$(count "$1")" = "$2" ]; }
waits() { [ "$(ctl queue list --state "$1" | grep -c 'full@example.test')" = "$2" ]; }
qid() { ctl queue list | grep 'full@example.test' | grep -oE '[0-9a-z]{20}' | sed -n "$1p"; }

inject ann@example.test bob@example.test plain
wait_for 100 has bob 1
for n in 1 2 3; do inject ann@example.test full@example.test "wait $n"; done
wait_for 100 waits deferred 3
ctl queue show "$(qid 1)" | grep -q '4.2.2' || fail "show does not tell the reason"
ctl queue list --sender nobody | grep -q 'full@' && fail "the filter does not filter"
# Those who ask at RCPT are told so now, with the reason; others' mail goes on.
rcpt() { python3 - "$(port 25)" "$@" <<'P'
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
s.ehlo()
s.mail("out@elsewhere.test", sys.argv[3:])
print(*s.rcpt(sys.argv[2]))
P
}
rcpt full@example.test | grep '452.*4.2.2 .*mailbox is full' || fail "a full mailbox is not refused at RCPT"
rcpt full@example.test SIZE=200 | grep '552.*5.2.3' || fail "what can never fit is not refused"
rcpt bob@example.test | grep -q '^250' || fail "another's mailbox is refused, too"
# So are aliases, through others, when all that they lead to is full.
ctl alias add second@example.test full@example.test
ctl alias add third@example.test second@example.test
ctl alias add mixed@example.test second@example.test bob@example.test
rcpt third@example.test | grep '452.*4.2.2 .*mailbox is full' || fail "an alias of a full mailbox is not refused at RCPT"
rcpt mixed@example.test | grep -q '^250' || fail "an alias is refused of which one target has room"
# The message that fills a mailbox is the last that is taken.
ctl user add last@example.test --password-stdin <<X
pw
X
ctl quota set last@example.test --messages 1
rcpt last@example.test | grep -q '^250' || fail "an empty mailbox is full"
inject ann@example.test last@example.test "the only one"
refused() { rcpt last@example.test | grep -q '452.*4.2.2 .*mailbox is full'; }
wait_for 100 refused
first=$(qid 1) second=$(qid 2)
ctl queue hold "$first"
wait_for 20 waits hold 1
ctl queue delete "$second"
wait_for 20 waits deferred 1
! ctl queue retry nonsense 2>"$dir/err" || fail "retried what is not there"
ctl user quota full@example.test 0
rcpt full@example.test SIZE=200 | grep -q '^250' || fail "still refused after the quota was raised"
ctl queue flush
wait_for 100 has full 1
ctl queue release "$first"
wait_for 100 has full 2
ctl queue list | grep -q 'the queue is empty' || fail "something is left"

# The sender is told; the null sender is not.
inject ann@example.test nobody@example.test "to nobody"
wait_for 100 has ann 1
ctl mailbox cat ann@example.test INBOX 1 | grep -q '5.1.1' || fail "the bounce does not tell why"

echo garbage >"$dir/queue/new/garbage"
mv "$dir/queue/new/garbage" "$dir/queue/tmp/g" && mv "$dir/queue/tmp/g" "$dir/queue/new/garbage"
wait_for 50 sh -c "ls '$dir/queue/corrupt' | grep -q garbage"
inject ann@example.test bob@example.test "after garbage"
wait_for 100 has bob 2

code() { set +e; "$@"; status=$?; set -e; }
printf 'no envelope' >"$dir/e"
code sh -c "echo x | '$B/queue-inject' --prefix '$dir' 1<'$dir/e' 2>/dev/null"; [ $status = 91 ] || fail "exit $status, not 91"
printf 'Fa@b.test\0T%2000d@b.test\0\0' 1 >"$dir/e"
code sh -c "echo x | '$B/queue-inject' --prefix '$dir' 1<'$dir/e' 2>/dev/null"; [ $status = 11 ] || fail "exit $status, not 11"
code sh -c "echo x | '$B/queue-inject' --prefix /dev/null 1<'$dir/e' 2>/dev/null"; [ $status = 62 ] || fail "exit $status, not 62"
