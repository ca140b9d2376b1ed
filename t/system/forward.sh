#!/bin/sh
# SPDX-License-Identifier: MIT
# Mail that an alias sends on to another host: its reverse path is ours (SRS), what comes back to that
# finds the sender, and nobody can make such an address.  etc/retry: what is wrong in it is told.
. "$(dirname "$0")/lib.sh"
instance
sink=$((base + 2025))
python3 "$(dirname "$0")/smtp_sink.py" "$dir/record" "127.0.0.1@$sink" >"$dir/sink.out" 9>&- &
at_end() { kill $sink_pid 2>/dev/null; }
sink_pid=$!
wait_for 50 grep -q ready "$dir/sink.out"
sed -i "s/^smarthost = .*/smarthost = \"127.0.0.1:$sink\"/" "$dir/etc/jdmail.toml"
ctl alias add away@example.test cat@far.test
ctl restart
put() { swaks --silent 3 --server "127.0.0.1:$(port 25)" --from "$1" --to "$2" --header "Subject: $3" --body text; }
put sue@remote.test away@example.test out
wait_for 100 grep -q '"event": "message"' "$dir/record"
srs=$(sed -n 's/.*"event": "mail".*\(SRS0=[^>" ]*\).*/\1/p' "$dir/record" | head -1)
case $srs in
  SRS0=*=remote.test=sue@example.test) ;;
  *) cat "$dir/record" >&2; fail "the reverse path is '$srs'" ;;
esac
: >"$dir/record"
put '<>' "$srs" back
wait_for 100 grep -q 'sue@remote.test' "$dir/record"
grep -q '"event": "rcpt".*sue@remote.test' "$dir/record" || fail "what came back did not go to the sender"
put sue@remote.test "x$srs" forged && fail "an address that is not ours was taken"
forged=$(echo "$srs" | sed 's/sue@/eve@/')
put '<>' "$forged" forged && fail "a forged address was taken"

printf 'far.test 1m 2d\nother.test soon\n' >"$dir/etc/retry"
ctl config check >"$dir/out" 2>&1 && fail "a bad etc/retry is right"
grep -q "etc/retry:2: 'soon' is no time" "$dir/out" || { cat "$dir/out" >&2; fail "it does not say what is wrong"; }
printf 'far.test 1m 2d\n' >"$dir/etc/retry"
ctl config check >/dev/null || fail "a good etc/retry is wrong"
