#!/bin/sh
# SPDX-License-Identifier: MIT
# Searches find what stands in attached documents: delivered and appended, in every format, in Chinese,
# beside documents that are made to do harm; what the process that has them read may do.
. "$(dirname "$0")/lib.sh"
instance
sed -i '/^\[search\]/,/^\[/s|^every = .*|every = "1s"|' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
look() { python3 t/system/search_documents.py "$1" "$(port 25)" "$(port 143)"; }
look fill || fail "mail is refused"
status() { ctl mailbox index ann@example.test --status --json; }
indexed() { status | python3 -c 'import json, sys; j = json.load(sys.stdin); sys.exit(not j["messages"] == j["indexed"] == 12)'; }
wait_for 3000 indexed
look found || fail "documents are not found"
look shared || fail "documents in another's mailbox are not found"

# The reader: a child of indexd that was there before the rest of its rights went.
reader=$(pgrep -P "$(cat "$dir/run/indexd.lock")" -x indexd) || fail "there is no reader of documents"
case $O in *san) ;; *) grep -q '^Seccomp:[[:space:]]*2' "/proc/$reader/status" || fail "the reader has no seccomp filter" ;; esac
grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$reader/status" || fail "the reader may gain privileges"
[ -z "$(find "/proc/$reader/fd" -lname "$dir/run/*" -o -lname "$dir/mail*")" ] || fail "the reader has files of the instance open"
kill -9 "$reader"
new_reader() { pgrep -P "$(cat "$dir/run/indexd.lock")" -x indexd | grep -vqx "$reader"; }
wait_for 300 new_reader
look more || fail "mail is refused"
more() { look more_found; }
wait_for 300 more

# By hand, and switched off: what was read goes with --rebuild, and comes again by itself.
ctl mailbox index ann@example.test --rebuild | grep -q '13 messages indexed.* with text of documents' || fail "a rebuild by hand"
look found || fail "not found after a rebuild"
sed -i '/^\[search\]/,/^\[/s|^documents = .*|documents = false|' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
ctl mailbox index ann@example.test --rebuild | grep -q ' 0 with text of documents' || fail "documents are read though it is off"
look none || fail "documents are found though they were not read"
! pgrep -P "$(cat "$dir/run/indexd.lock")" -x indexd || fail "a reader of documents runs though it is off"
sed -i '/^\[search\]/,/^\[/s|^documents = .*|documents = true|' "$dir/etc/jdmail.toml"
ctl reload >/dev/null
again() { look found && look more_found; }
wait_for 3000 again
