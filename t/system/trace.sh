#!/bin/sh
# SPDX-License-Identifier: MIT
# The life of one message in plain words: submission, an alias, a mailbox, other hosts that take it, put it
# off and refuse it, a report, an operator's order; with logs rotated and packed in between.
. "$(dirname "$0")/lib.sh"
instance
sink=$((base + 900))
python3 t/system/smtp_sink.py "$dir/record" "127.0.0.1@$sink,name=mx1.far.test" >"$dir/sink" & pid=$!
at_end() { kill $pid 2>/dev/null; }
wait_for 50 grep -q ready "$dir/sink"
sed -i "s/^smarthost = .*/smarthost = \"127.0.0.1:$sink\"/" "$dir/etc/jdmail.toml"
ctl restart >/dev/null
ctl alias add team@example.test bob@example.test full-x@far.test
swaks --silent 3 --server "127.0.0.1:$(port 587)" --tls -au ann@example.test -ap pw --from ann@example.test --to team@example.test,ok@far.test,gone-y@far.test \
  --header "Subject: life" --header "Message-Id: <life-1@example.test>" --body "body"
waits() { [ "$(ctl queue count --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["deferred"])')" = "$1" ]; }
wait_for 150 waits 1
wait_for 100 sh -c "'$B/jdctl' --prefix '$dir' mailbox list ann@example.test | grep -q '^INBOX *1 '"
rotate() { for p in "$dir"/service/*; do s6-svc -a "$p/log"; done; wait_for 50 sh -c "ls '$dir/log/$1' | grep -c '^@.*s$' | grep -q '^$2\$'"; }
rotate qrun 1
old=$(ls "$dir"/log/qrun/@*.s); gzip -c "$old" >"$dir/packed" && cp "$dir/packed" "$old"
old=$(ls "$dir"/log/remote-deliver/@*.s); ! command -v zstd >/dev/null || { zstd -qc "$old" >"$dir/packed" && cp "$dir/packed" "$old"; }
ctl queue redirect --to new@far.test --recipient full-x@far.test | grep 'redirected 1 message'
wait_for 100 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'the queue is empty'"
rotate qrun 2
qid=$(grep -h '^' "$dir"/log/queue-inject/* | grep -a 'msgid=life-1@example.test' | grep -oE 'qid=[0-9a-z]{20}' | head -1 | cut -d= -f2)
[ -n "$qid" ] || fail "no Message-ID in the log"
ctl trace "$qid" --lang en >"$dir/en"; cat "$dir/en"
line=0
next() {  # the steps come in this order
  at=$(tail -n +$((line + 1)) "$dir/$1" | grep -n -m 1 -E "$2" | cut -d: -f1); [ -n "$at" ] || fail "not there, or not in order: $2"; line=$((line + at))
}
next en "^message $qid from <ann@example.test>"
next en 'accepted from 127.0.0.1.* by smtpd over TLS, sent by ann@example.test, 3 recipients, '
next en 'on the disk, in the queue as .*Message-ID life-1@example.test'
line=1; next en 'delivered to bob@example.test: in the mailbox as UID 1'
line=1; next en 'ok@far.test: mx1.far.test|ok@far.test: 127.0.0.1.* took it and said: 250'
line=1; next en 'gone-y@far.test failed for good: .* said: 550 '
line=1; next en 'the sender was told: report '
line=1; next en 'full-x@far.test \(for team@example.test\): .* said: 450 .*; next attempt at 20'
line=1; next en 'the operator gave full-x@far.test another address: new@far.test'
line=1; next en 'new@far.test: .* took it and said: 250'
line=1; next en 'it has left the queue'
next en '^message .* from <>'
next en 'delivered to ann@example.test: in the mailbox as UID 1'
ctl trace '<life-1@example.test>' --lang en | diff - "$dir/en" || fail "by Message-ID it is another story"
ctl trace team@example.test --since 1h --lang en | grep -q 'another address' || fail "by address"
LC_ALL=zh_CN.UTF-8 ctl trace "$qid" >"$dir/zh"
grep -q '已投递到 bob@example.test 的邮箱，UID 1' "$dir/zh" || fail "not in Chinese"
ctl trace "$qid" --json | python3 -c 'import json,sys; s=json.load(sys.stdin); assert len(s) == 2 and s[0]["steps"][0]["event"] == "accepted", s'
ctl trace "$qid" --raw | grep -q "^20.* accepted prog=smtpd .*qid=$qid" || fail "raw"
ctl trace nobody@nowhere.test 2>"$dir/err" && fail "traced nothing"; grep -q 'jdctl queue list' "$dir/err" || fail "no remedy"
ctl trace "$qid" --since 2100-01-01 2>"$dir/err" && fail "since"; ctl trace "$qid" --since never 2>"$dir/err" && fail "since never"; grep -q 'say for example' "$dir/err"
