#!/bin/sh
# SPDX-License-Identifier: MIT
# Out to other hosts, found in a DNS zone of our own (nsd): MX order, null MX, no such domain, loops,
# what peers refuse, how connections are used again and lose nothing, TLS that is broken, a smarthost.
. "$(dirname "$0")/lib.sh"
command -v nsd >/dev/null && command -v python3 >/dev/null || { echo "left out: relay_dns (needs nsd and python3)"; exit 0; }
nsd= sink=
main=$dir
at_end() {
  dir=$main
  kill $nsd $sink 2>/dev/null
  "$B/jdctl" --prefix "$main/other" stop >/dev/null 2>&1
}
d=$(port 53) r=$dir/record
mkdir "$dir/dns"
cat >"$dir/dns/mail.zone" <<Z
\$ORIGIN mail.example.
\$TTL 300
@ SOA ns root 1 3600 900 86400 30
@ NS ns
ns A 127.0.0.1
down A 127.0.0.9
order MX 30 h4
order MX 10 down
order MX 20 h3
plain A 127.0.0.2
six AAAA ::1
null MX 0 .
empty TXT "nothing here"
nowhere MX 10 gone
self MX 10 us
us A 127.0.0.1
backup MX 10 down
backup MX 20 us
backup MX 30 h3
Z
for n in 3 4 5 6 7 8 10 11 12 13 14 15 16 17 18; do printf 'h%s A 127.0.0.%s\n' $n $n; done >>"$dir/dns/mail.zone"
for x in small:5 seven:6 behind:7 many:8 closes:10 per:11 bye:12 once:13 broken:14 deaf:15 tls:16 cut:17 greet:18; do
  printf '%s MX 10 h%s\n' "${x%:*}" "${x#*:}"
done >>"$dir/dns/mail.zone"
printf 'cut MX 20 h3\ngreet MX 20 h3\n' >>"$dir/dns/mail.zone"
cat >"$dir/dns/nsd.conf" <<C
server:
  ip-address: 127.0.0.1@$d
  username: ""
  zonesdir: "$dir/dns"
  pidfile: "$dir/dns/pid"
  zonelistfile: "$dir/dns/zones"
  xfrdfile: "$dir/dns/xfrd"
  xfrdir: "$dir/dns"
  logfile: "$dir/dns/log"
  server-count: 1
  database: ""
remote-control:
  control-enable: no
zone:
  name: mail.example
  zonefile: mail.zone
zone:
  name: unloaded.example
  zonefile: absent.zone
C
nsd -d -c "$dir/dns/nsd.conf" 9>&- & nsd=$!

ctl init --domain example.test --port-base "$base" --yes >/dev/null
hostname=$(sed -n 's/^hostname = "\(.*\)"/\1/p' "$dir/etc/jdmail.toml")
p=$(port 25) tls=tls=$dir/etc/tls/certificate.pem+$dir/etc/tls/key.pem
python3 t/system/smtp_sink.py "$r" "127.0.0.2@$p,8bit" "127.0.0.3@$p" "127.0.0.4@$p" "::1@$p" "127.0.0.5@$p,size=2000" \
  "127.0.0.6@$p,nopipelining" "127.0.0.7@$p,name=$hostname" "127.0.0.8@$p" "127.0.0.10@$p,close" "127.0.0.11@$p,per=3" \
  "127.0.0.12@$p,bye" "127.0.0.13@$p,once451" "127.0.0.14@$p,tlsbroken" "127.0.0.15@$p,tlsdeaf${tls#tls}" "127.0.0.16@$p,$tls" \
  "127.0.0.17@$p,cut" "127.0.0.18@$p,greet=554" "127.0.0.19@$p,$tls,auth=us+secret" "127.0.0.20@$p,auth=us+secret" \
  >"$dir/sink.out" 2>&1 9>&- & sink=$!
set_to() { sed -i "s|^$1 = .*|$1 = $2|" "$dir/etc/jdmail.toml"; }
set_to servers "[\"127.0.0.1@$d\"]"
set_to port "$p"
set_to retry '["2s"]'
echo pw | ctl user add ann@example.test --password-stdin >/dev/null
wait_for 50 grep -q ready "$dir/sink.out"
ctl start >/dev/null

post() {  # post SUBJECT FILE ADDRESS...
  { printf 'Subject: %s\n\n' "$1"; cat "$2"; } >"$dir/m"; shift 2
  { printf 'Fann@example.test\0'; printf 'T%s\0' "$@"; printf '\0'; } >"$dir/e"
  "$B/queue-inject" --prefix "$dir" <"$dir/m" 1<"$dir/e" 2>>"$dir/err"
}
inject() { subject=$1; shift; post "$subject" "$dir/body" "$@"; }  # inject SUBJECT ADDRESS...
seen() { grep -cF "\"at\": \"$1\", \"event\": \"$2\"" "$r" || true; }   # seen HOST EVENT
is() { [ "$(seen "$1" "$2")" = "$3" ]; }
at_most() { [ "$(seen "$1" "$2")" -le "$3" ] || fail "$1: $(seen "$1" "$2") times $2, more than $3"; }
told() { ctl mailbox list ann@example.test | grep -q "^INBOX *$1 "; }
waits() { for id in $(ctl queue list | grep -F "$1" | grep -oE '[0-9a-z]{20}'); do ctl queue show "$id"; done | grep -qF "$2"; }

echo body >"$dir/body"
head -c 3000 /dev/zero | base64 >"$dir/3k"
head -c 6000000 /dev/zero | base64 >"$dir/large"  # more than is under way when a host breaks off
printf 'h\303\251\n' >"$dir/wide"

# Where mail goes, and where it does not.
inject order a@order.mail.example
inject plain a@plain.mail.example
inject six a@six.mail.example
inject null a@null.mail.example
inject nxdomain a@gone.mail.example
inject empty a@empty.mail.example
inject nowhere a@nowhere.mail.example
inject self a@self.mail.example
inject backup a@backup.mail.example
inject behind a@behind.mail.example
inject servfail a@unloaded.example
inject rcpts good@plain.mail.example full-x@plain.mail.example gone-x@plain.mail.example
post small "$dir/3k" a@small.mail.example
post seven "$dir/wide" a@seven.mail.example
post wide "$dir/wide" b@plain.mail.example
inject broken a@broken.mail.example
inject deaf a@deaf.mail.example
inject tls a@tls.mail.example
post cut "$dir/large" a@cut.mail.example
inject greet a@greet.mail.example
for n in $(seq 20); do inject "many $n" a@many.mail.example; done
for n in $(seq 12); do for h in closes per bye once; do inject "$h $n" a@$h.mail.example; done; done

wait_for 100 is 127.0.0.8 message 20
at_most 127.0.0.8 connect 10
wait_for 200 is 127.0.0.10 message 12
wait_for 100 is 127.0.0.11 message 12
at_most 127.0.0.11 connect 9
wait_for 100 is 127.0.0.12 message 12
wait_for 100 is 127.0.0.13 message 12
wait_for 50 is 127.0.0.3 message 3  # order, cut, greet
is 127.0.0.4 connect 0 || fail "a worse host was asked although a better one took it"
is 127.0.0.17 message 0 || fail "a message that was cut counts"
wait_for 50 is ::1 message 1
for h in 14 15 16; do wait_for 50 is 127.0.0.$h message 1; done
is 127.0.0.16 tls 1 || fail "TLS was offered and not used"
at_most 127.0.0.14 connect 2
at_most 127.0.0.15 connect 2
wait_for 50 is 127.0.0.6 message 1
grep -F '"to": ["a@seven.mail.example"]' "$r" | grep -F '"wide": false' | grep -qF 'h=C3=A9' || fail "8 bits went where 7 are taken"
grep -F '"to": ["b@plain.mail.example"]' "$r" | grep -qF '"wide": true' || fail "8 bits were changed where they are taken"
is 127.0.0.5 mail 0 || fail "a message over the host's size was begun"
[ "$(cut -d, -f2- "$r" | grep -F '"message"' | grep -oE '"subject": "[a-z]+ [0-9]+"' | sort | uniq -d | wc -l)" = 0 ] || fail "a message came twice"

# One recipient was delivered, one is asked again, one bounced.
again() { [ "$(grep -cF '"to": "full-x@plain.mail.example"' "$r")" -ge 2 ]; }
wait_for 60 again
[ "$(grep -cF '"to": "good@plain.mail.example"' "$r")" = 1 ] || fail "the recipient that was done is asked again"
wait_for 60 told 8
for n in $(seq 8); do ctl mailbox cat ann@example.test INBOX "$n"; done | tr -d '\r' >"$dir/bounces"
bounced() { grep -A8 "^Final-Recipient: .*$1" "$dir/bounces" | grep -q "^Status: $2" || fail "$1 did not bounce with $2"; }
bounced a@null.mail 5.1.10
bounced a@gone.mail 5.1.2
bounced a@empty.mail 5.1.2
bounced a@nowhere.mail 5.1.2
bounced a@self.mail 5.4.6
bounced a@behind.mail 5.4.6
bounced gone-x@plain 5.1.1
bounced a@small.mail 5.3.4
wait_for 20 waits a@unloaded.example 4.4.3
wait_for 20 waits a@backup.mail.example 4.4.1
waits full-x@plain.mail.example 4.2.2 || fail "the 450 is not told"

# One after the other over one connection; QUIT when it idles.
inject one a@many.mail.example
wait_for 50 is 127.0.0.8 message 21
before=$(seen 127.0.0.8 connect)
for i in 22 23 24 25 26; do
  inject "one $i" a@many.mail.example
  wait_for 50 is 127.0.0.8 message $i
done
is 127.0.0.8 connect "$before" || fail "connected anew while a connection was idle"
all_quit() { [ "$(seen "$1" quit)" = "$(seen "$1" connect)" ]; }
wait_for 60 all_quit 127.0.0.8

# The limit of a destination, changed while running, is one of connections.
ctl queue limit many.mail.example 1 >/dev/null
before=$(seen 127.0.0.8 connect)
for i in 1 2 3 4 5; do inject "limited $i" a@many.mail.example; done
wait_for 50 is 127.0.0.8 message 31
is 127.0.0.8 connect $((before + 1)) || fail "more connections than the limit"
ctl queue limit many.mail.example 0 >/dev/null

# A stop waits for the answer to what was sent, and says QUIT.
inject slow slow-x@many.mail.example
wait_for 50 grep -qF '"to": "slow-x@many.mail.example"' "$r"
ctl stop >/dev/null
is 127.0.0.8 message 32 || fail "the stop did not wait for an answer"
all_quit 127.0.0.8 || fail "the stop forgot QUIT"
ctl start >/dev/null
! ctl queue list | grep -q slow-x || fail "what was delivered at the stop is still in the queue"

# The DNS does not answer at all: that takes a while to know, see the end.
kill $nsd
inject silent a@silent.mail.example

# A smarthost: login over STARTTLS, a wrong password, a certificate that is not good, implicit clear.
dir=$main/other
ctl init --domain other.test --port-base $((base + 1000)) --yes >/dev/null
cp "$main/body" "$dir/body"
smarthost() {  # smarthost HOST PASSWORD TLS
  printf '%s\n' "$2" >"$dir/etc/smarthost.password"
  set_to smarthost "\"$1:$p\""
  set_to user '"us"'
  set_to password_file '"smarthost.password"'
  set_to tls "\"$3\""
  ctl restart >/dev/null
}
set_to retry '["1s"]'
smarthost 127.0.0.19 secret opportunistic
inject first a@anywhere.example
inject second b@anywhere.example
wait_for 50 is 127.0.0.19 message 2
[ "$(grep -cF '"event": "auth", "n": 1, "ok": true, "tls": true' "$r")" = 1 ] || fail "no login over TLS"
smarthost 127.0.0.19 wrong opportunistic
inject third c@anywhere.example
wait_for 50 waits c@anywhere.example 4.7.8
smarthost 127.0.0.19 secret required
wait_for 50 waits c@anywhere.example 4.7.5
is 127.0.0.19 message 2 || fail "a certificate that is not good was taken"
smarthost 127.0.0.20 secret never
wait_for 50 is 127.0.0.20 message 1
! grep -rqE 'secret|dXMAc2VjcmV0|c2VjcmV0' "$dir/log" || fail "the password is in a log"
ctl stop >/dev/null
dir=$main

wait_for 250 waits a@silent.mail.example 4.4.3
