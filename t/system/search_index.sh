#!/bin/sh
# SPDX-License-Identifier: MIT
# Searches while mail comes in and indexd works, is killed, and starts again: the same answers as without
# an index.  By hand, with jdctl; and what the daemon may not do.
. "$(dirname "$0")/lib.sh"
instance
sed -i '/^\[search\]/,/^\[/s|^every = .*|every = "1s"|' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
python3 t/system/search_index.py "$(port 25)" "$(port 143)" "$dir" || fail "answers differ"
indexed() { ctl mailbox index ann@example.test --status --json | python3 -c 'import json, sys; j = json.load(sys.stdin); sys.exit(not j["messages"] == j["indexed"] > 0)'; }
wait_for 300 indexed
grep -q ' indexed .*mailbox=' "$dir/log/indexd/current" || fail "it does not say so"
# sched(7): a daemon is a session of its own, so its nice value alone would count for nothing.
indexer=/proc/$(cat "$dir/run/indexd.lock")/autogroup
[ ! -e "$indexer" ] || [ "$(cat /proc/sys/kernel/sched_autogroup_enabled)" = 0 ] || grep -q 'nice 19$' "$indexer" || fail "indexd does not stand behind the others: $(cat "$indexer")"
ctl mailbox index ann@example.test --rebuild | grep -q 'messages indexed' || fail "a rebuild by hand"
# Off: no such program, and all that is there still found.
sed -i '/^\[search\]/,/^\[/s|^index = .*|index = false|' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
! ctl status | grep -q indexd || fail "it is off, and runs"
python3 t/system/search_index.py again "$(port 143)" "$dir" || fail "answers differ without indexd"
! grep -h boot_unknown "$dir"/log/*/current || fail "a program does not know which start of the machine this is"
