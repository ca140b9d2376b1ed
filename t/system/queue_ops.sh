#!/bin/sh
# SPDX-License-Identifier: MIT
# Orders about many messages: filters that combine, bulk orders with their dry runs and counts, redirect,
# refusals of what says too little.
. "$(dirname "$0")/lib.sh"
instance
for u in one two; do echo pw | ctl user add "$u@example.test" --quota 1 --password-stdin; done
inject() { printf 'F%s\0T%s\0\0' "$1" "$2" >"$dir/e"; { printf 'Subject: x\n\n'; head -c "${3:-10}" /dev/zero | tr '\0' x; echo; } | "$B/queue-inject" --prefix "$dir" 1<"$dir/e" 2>>"$dir/err"; }
count() { ctl mailbox list "$1@example.test" 2>/dev/null | awk '$1 == "INBOX" {print $2}'; }
has() { [ "$(count "$1")" = "$2" ]; }
number() { ctl queue count "$@" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["matched"])'; }
counts() { wanted=$1; shift; [ "$(number "$@")" = "$wanted" ]; }
field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

for n in 1 2 3; do inject "s$n@far.test" one@example.test; done
inject big@far.test two@example.test 30000
inject "" two@example.test
wait_for 100 counts 5 --state deferred
counts 3 --recipient one@example.test || fail "recipient"
counts 1 --larger 20K || fail "size"
counts 1 --sender '<>' || fail "null sender"
counts 4 --sender @far.test || fail "domain of the sender"
counts 2 --sender 's[12]@far.test' --newer 1h && fail "a bracket is no glob"
counts 2 --sender '/^s[12]@/' --newer 1h || fail "expression"
counts 5 --reason 'MAILBOX is full' --domain example.test || fail "reason"
counts 0 --older 1h || fail "age"
counts 0 --domain elsewhere.test --state deferred || fail "domain"
[ "$(ctl queue list --limit 2 --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" = 2 ] || fail "limit"
for bad in "delete" "hold" "redirect --to a@b.test" "list --older soon" "list --state lost" "list --reason /(/" "redirect --all --to nobody"; do
  ctl queue $bad 2>"$dir/err" && fail "queue $bad is not refused"; [ -s "$dir/err" ] || fail "queue $bad: no word"
done
ctl queue delete --sender @far.test --dry-run | grep 'would delete 4 messages' || fail "dry run"
counts 5 || fail "the dry run did something"
[ "$(ctl queue delete --sender '/^s[12]@/' --json | field done)" = 2 ] || fail "delete"
counts 3 || fail "not deleted"
ctl queue hold --recipient two@example.test | grep 'held 2 messages' || fail "hold"
counts 2 --state hold || fail "not held"
id=$(ctl queue list --state hold --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["qid"])')
ctl queue retry "$id" 2>"$dir/err" && fail "retried what is held"; grep 'release it' "$dir/err" || fail "no remedy"
ctl queue show "$id" | grep -q two@example.test || fail "show"
ctl queue show nonsense 2>"$dir/err" && fail "showed nothing"; grep 'jdctl trace' "$dir/err" || fail "no remedy"
ctl queue redirect --to bob@example.test --recipient '/^(one|two)@/' | grep 'redirected 3 messages' || fail "redirect"
wait_for 100 has bob 1
ctl queue release --all | grep 'released 2 messages' || fail "release"
wait_for 100 has bob 3
wait_for 50 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'the queue is empty'"
ctl queue stats | grep -q '^delivered: *3' || fail "stats"

# Other hosts: a frozen destination takes nothing, over a restart; thawed, its mail goes at once; every attempt
# is kept with the host's words; numbers for Prometheus.
sink=$((base + 900))
python3 t/system/smtp_sink.py "$dir/record" "127.0.0.1@$sink,name=mx1.far.test" >"$dir/sink" & pid=$!
at_end() { kill $pid 2>/dev/null; }
wait_for 50 grep -q ready "$dir/sink"
sed -i "s/^smarthost = .*/smarthost = \"127.0.0.1:$sink\"/; /^\[metrics\]/,/^listen/s/^listen = .*/listen = [\"127.0.0.1:$((base + 901))\"]/" "$dir/etc/jdmail.toml"
ctl restart >/dev/null
ctl queue freeze far.test | grep 'no deliveries until' || fail "freeze"
ctl queue limit far.test --rate 60/min --connections 3 >/dev/null
inject ann@example.test x@far.test; inject ann@example.test full-y@far.test
wait_for 100 counts 2 --domain far.test --reason 'operator has stopped'
ctl restart >/dev/null
ctl queue destinations | grep -E '^far.test .* 3 +60/min +frozen' || fail "not kept over a restart"
ctl queue retry --all >/dev/null; sleep 1
grep -q x@far.test "$dir/record" && fail "delivered although frozen"
ctl queue thaw far.test | grep '2 messages' || fail "thaw"
wait_for 50 grep -q x@far.test "$dir/record"
wait_for 100 counts 1 --state deferred --reason '450'
id=$(ctl queue list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["qid"])')
ctl queue retry "$id" >/dev/null
tries() { [ "$(ctl queue show "$id" --json | python3 -c 'import json,sys; print(sum("450" in a["text"] for a in json.load(sys.stdin)["attempts_made"]))')" = "$1" ]; }
wait_for 100 tries 2
ctl queue show "$id" | grep -E '^20.* full-y@far.test +deferred .*450' || fail "no attempt is shown"
ctl queue show "$id" --body | tail -n 3 | grep -q xxxxxxxxxx || fail "no body"
wait_for 50 curl -sf "http://127.0.0.1:$((base + 901))/metrics"
curl -s "http://127.0.0.1:$((base + 901))/metrics" >"$dir/metrics"
for m in 'jdmail_up 1' 'jdmail_queue_deferred 1' 'jdmail_delivery_seconds_count 1' 'jdmail_deferrals_by_destination{destination="far.test"}' 'jdmail_destinations_frozen 0'; do grep -qF "$m" "$dir/metrics" || fail "no $m"; done
curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$((base + 901))/etc/passwd" | grep -q 404 || fail "something else than metrics"
ctl metrics | grep -q '^jdmail_up 1' || fail "jdctl metrics"
ctl queue limit far.test 0 >/dev/null; ctl queue limit far.test --rate 0 >/dev/null; grep -q far.test "$dir/queue/destinations" && fail "a limit stays"
# What is put off for our address's sake says so and can be asked for, after a restart, too.
inject ann@example.test listed-z@far.test
wait_for 100 counts 1 --refused-address
ctl restart >/dev/null
wait_for 100 counts 1 --refused-address --domain far.test
ctl queue list --refused-address --json | python3 -c 'import json,sys; m = json.load(sys.stdin)[0]; sys.exit(m["scope"] != "address" or m["rcpt"] != ["listed-z@far.test"])' || fail "not marked"
listed=$(ctl queue list --refused-address --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["qid"])')
ctl queue show "$listed" | grep 'block list (our address is refused)' || fail "show does not say it"
ctl queue show "$listed" --json | python3 -c 'import json,sys; sys.exit(json.load(sys.stdin)["recipients"][0]["scope"] != "address")' || fail "show --json does not say it"
ctl queue delete --refused-address | grep 'deleted 1 message' || fail "delete by the mark"
ctl queue delete --all | grep 'deleted 1 message' || fail "delete"
