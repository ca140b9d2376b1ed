#!/bin/sh
# SPDX-License-Identifier: MIT
# Quotas of accounts and domains, in bytes and messages: set, shown, held by deliveries and sessions;
# warnings to the user once and to the postmaster; the sums are right after kill -9.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: quotas (no python3)"; exit 0; }
ctl init --domain example.test --port-base "$base" --yes >/dev/null
sed -i 's/^keep_every = .*/keep_every = "2s"/' "$dir/etc/jdmail.toml"
for a in ann bob cai; do echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null; done
ctl start >/dev/null
send() { printf 'From: <x@example.net>\r\nSubject: %s\r\n\r\nx\r\n' "$2" | JDMAIL_PREFIX=$dir "$B/sendmail" -f x@example.net "$1@example.test" 9>&-; }
subjects() { printf 'a SELECT INBOX\r\nb FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\nc LOGOUT\r\n' | "$B/imapd" --prefix "$dir" --user "$1@example.test" | grep -i '^Subject: ' | tr -d '\r'; }
has() { [ "$(subjects "$1" | grep -c "$2")" = "$3" ]; }
append() {  # append USER: through the front door; prints the answer
  python3 - "$(port 143)" "$1@example.test" <<'P'
import imaplib, sys
c = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
c.login(sys.argv[2], "pw")
print(*c.append("INBOX", None, None, b"Subject: appended\r\n\r\nx\r\n"))
print(*c.getquotaroot("INBOX"))
c.logout()
P
}

# --- messages of one account: two warnings on the way, then mail waits; sessions are refused
ctl quota set bob@example.test --messages 10 --size 5G >/dev/null
for n in 1 2 3 4 5 6 7; do send bob "m$n"; done
wait_for 300 has bob '^Subject: m' 7
has bob 'more than' 0 || fail "warned too early: $(subjects bob)"
append bob >"$dir/out"
grep -q 'MESSAGE 9 10' "$dir/out" && grep -q '^OK' "$dir/out" || fail "APPEND and its warning: $(cat "$dir/out")"
has bob 'more than 80% full' 1 || fail "no warning by a session: $(subjects bob)"
send bob m8
wait_for 300 has bob 'more than 95% full' 1
has bob 'more than 80% full' 1 || fail "warned twice"
append bob | grep -q 'OVERQUOTA.*11 of 10 messages' || fail "APPEND was not refused"
send bob m9
wait_for 300 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'mailbox is full'"
has bob '^Subject: m' 8 || fail "delivered over the quota"
wait_for 300 grep -q '^JDQUOTA1 95 95 ' "$dir/mail/example.test/bob/quota"
notices=$(grep -c ' quota_notice ' "$dir/log/keeperd/current")  # one for both levels, or one for each
wait_for 300 has ann 'mailboxes are filling' "$notices"
grep -q 'quota_warned .*user=bob@example.test percent=95' "$dir/log/local-deliver/current" || fail "no line about the warning"
ctl quota show bob@example.test | grep -Eq '^bob@example.test .* 11 +10 +110 %$' || fail "$(ctl quota show bob@example.test)"

# --- more room, and what waited comes
ctl quota set bob@example.test --messages 0 >/dev/null
ctl queue retry --all >/dev/null
wait_for 300 has bob '^Subject: m9' 1
has ann 'mailboxes are filling' "$notices" || fail "the postmaster was told again and again"

# --- who may write to another's mailbox fills it: its owner is told
ctl quota set cai@example.test --messages 5 >/dev/null
python3 - "$(port 143)" >"$dir/out" <<'P'
import imaplib, sys
def login(who):
    c = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
    c.login(f"{who}@example.test", "pw")
    return c
print(*login("cai").setacl("INBOX", "ann@example.test", "lrsi"))
c = login("ann")
c.select("INBOX")
print(*c.copy("1", '"Other Users/cai@example.test/INBOX"'))
for n in range(3):
    print(*c.append('"Other Users/cai@example.test/INBOX"', None, None, b"Subject: by ann\r\n\r\nx\r\n"))
P
[ "$(grep -c '^OK' "$dir/out")" = 5 ] || fail "ann could not write to cai's mailbox: $(cat "$dir/out")"
has cai 'more than 80% full' 1 || fail "cai is not told that his mailbox fills: $(subjects cai)"
has ann 'is more than' 0 || fail "ann is told of cai's mailbox"
ctl quota set cai@example.test --messages 0 >/dev/null

# --- all of a domain together
ctl quota recount --json | python3 -c 'import json, sys; assert not any(a["corrected"] for a in json.load(sys.stdin))' || fail "sums were wrong"
held=$(ctl quota show --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["domains"][0]["messages"])')
ctl quota set example.test --messages $((held + 2)) >/dev/null
send cai d1
wait_for 300 has cai '^Subject: d1' 1
append cai >"$dir/out"
grep -q '^OK' "$dir/out" || fail "a session that had room: $(cat "$dir/out")"
ctl quota show example.test | grep -Eq "^example.test .* 100 %\$" || fail "$(ctl quota show example.test)"
ctl quota set example.test --messages "$held" >/dev/null
send cai d2
wait_for 300 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'mailboxes of this domain are full'"
has cai '^Subject: d' 1 || fail "delivered over the domain's quota"
ctl quota set example.test --messages 0 >/dev/null
ctl queue retry --all >/dev/null
wait_for 300 has cai '^Subject: d2' 1

# --- killed while they are written, the sums are counted anew
lock=$dir/run/local-deliver.lock
restarted() { now=$(cat "$lock") && [ "$now" != "$was" ] && kill -0 "$now"; }
for n in 1 2 3 4 5; do
  for k in 1 2 3 4 5 6; do send cai "k$n$k"; done
  was=$(cat "$lock")
  kill -9 "$was"
  wait_for 300 restarted
done
ctl quota set cai@example.test --messages 1000 >/dev/null
ctl queue retry --all >/dev/null
wait_for 600 has cai '^Subject: k' 30
ctl quota show cai@example.test --json >"$dir/shown"
ctl quota recount cai@example.test --json | python3 -c '
import json, sys
counted, shown = json.load(sys.stdin)[0], json.load(open(sys.argv[1]))["accounts"][0]
assert not counted["corrected"] and counted["messages"] == shown["messages"] and counted["bytes"] == shown["bytes"], (counted, shown)' "$dir/shown"

# --- mistakes
for bad in "nobody@example.test --size 1G" "nowhere.test --size 1G" "bob@example.test" "bob@example.test --size x" "bob@example.test --messages -1"; do
  status=0; ctl quota set $bad >/dev/null 2>&1 || status=$?
  [ $status = 100 ] || fail "quota set $bad: $status"
done
status=0; ctl quota show nowhere.test >/dev/null 2>&1 || status=$?
[ $status = 100 ] || fail "quota show of an unknown domain: $status"
ctl stop >/dev/null
