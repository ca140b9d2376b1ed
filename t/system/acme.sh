#!/bin/sh
# SPDX-License-Identifier: MIT
# Certificates from an ACME server (Debian's pebble), by HTTP-01 and by TLS-ALPN-01: got, given to the
# doors while they run, chosen by SNI, renewed; a name that cannot be proved.
command -v pebble >/dev/null || { echo "left out: pebble is not installed"; exit 0; }
. "$(dirname "$0")/lib.sh"
acme=$dir/authority
mkdir -p "$acme"
at_end() { kill $pebble $names 2>/dev/null; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$acme/key.pem" -out "$acme/cert.pem" -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >"$acme/config.json" <<J
{"pebble": {"listenAddress": "127.0.0.1:$(port 810)", "managementListenAddress": "127.0.0.1:$(port 811)", "certificate": "$acme/cert.pem",
 "privateKey": "$acme/key.pem", "httpPort": $(port 80), "tlsPort": $(port 444), "ocspResponderURL": "", "externalAccountBindingRequired": false}}
J
pebble-challtestsrv -management "127.0.0.1:$(port 812)" -dns01 "127.0.0.1:$(port 813)" -defaultIPv4 127.0.0.1 -defaultIPv6 "" -http01 "" -https01 "" -tlsalpn01 "" >"$acme/names.log" 2>&1 9>&- & names=$!
PEBBLE_VA_NOSLEEP=1 PEBBLE_AUTHZREUSE=0 PEBBLE_WFE_NONCEREJECT=20 pebble -config "$acme/config.json" -dnsserver "127.0.0.1:$(port 813)" >"$acme/log" 2>&1 9>&- & pebble=$!
wait_for 100 curl -sk "https://127.0.0.1:$(port 810)/dir"
ctl init --domain example.test --port-base "$base" --yes
set_acme() { sed -i "/^\[acme\]/,/^\[auth\]/{$1}" "$dir/etc/jdmail.toml"; }
set_acme "s|^certificates = .*|certificates = [\"mail.example.test imap.example.test\", \"web.example.test\"]|"
! ctl config check 2>"$dir/out" || fail "nobody agreed to the terms"
grep -q 'acme.agree must be true' "$dir/out" || fail "config check does not help"
set_acme "s|^agree = .*|agree = true|; s|^directory = .*|directory = \"https://localhost:$(port 810)/dir\"|; s|^ca_file = .*|ca_file = \"$acme/cert.pem\"|
 s|^http = .*|http = [\"127.0.0.1:$(port 80)\"]|; s|^tls_alpn = .*|tls_alpn = [\"127.0.0.1:$(port 444)\"]|"
echo pw | ctl user add ann@example.test --password-stdin
ctl start
issuer() { openssl s_client -connect "127.0.0.1:$(port "$1")" $2 </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial -ext subjectAltName 2>/dev/null; }
shows() { issuer "$1" "$2" | grep -q "$3"; }
wait_for 300 test -e "$dir/etc/tls/acme/web.example.test/cert.pem"
wait_for 100 shows 993 "-servername imap.example.test" "DNS:imap.example.test"
wait_for 100 shows 465 "-servername web.example.test" "DNS:web.example.test"
wait_for 100 shows 587 "-starttls smtp -noservername" "DNS:mail.example.test" || fail "the default is not the host's own"
ctl tls list
[ "$(ctl tls list --json | grep -c Pebble)" = 2 ] || fail "tls list"
# Nobody is listening once it is done.
! curl -s "http://127.0.0.1:$(port 80)/" >/dev/null || fail "port 80 is still open"
before=$(issuer 993 "-servername mail.example.test")
ctl tls renew mail.example.test || fail "renew: $(tail -n 3 "$dir/log/acmed/current")"
changed() { [ "$before" != "$(issuer 993 "-servername mail.example.test")" ]; }
wait_for 100 changed
! ctl tls renew none.example.test 2>/dev/null || fail "a name that is none was renewed"
[ -z "$(find "$dir/etc/tls/acme" -name '*~*' -o -name challenge.pem)" ] || fail "something was left lying about"
[ "$(stat -c %a "$dir/etc/tls/acme/mail.example.test/key.pem" "$dir/etc/tls/acme/account.key" | sort -u)" = 600 ] || fail "a key that others may read"

# By TLS, with the same account; and a host that the authority finds elsewhere.
set_acme "s|^challenge = .*|challenge = \"tls-alpn-01\"|"
ctl restart
before=$(issuer 993 "-servername mail.example.test")
ctl tls renew mail.example.test || fail "TLS-ALPN-01: $(tail -n 3 "$dir/log/acmed/current")"
wait_for 100 changed
curl -s -d '{"host":"web.example.test","addresses":["127.0.0.9"]}' "http://127.0.0.1:$(port 812)/add-a"
! ctl tls renew web.example.test 2>"$dir/out" || fail "what cannot be proved was proved"
grep -q 'web.example.test could not be proved' "$dir/out" || fail "no reason: $(cat "$dir/out")"
shows 993 "-servername web.example.test" "DNS:web.example.test" || fail "the old certificate is gone"
! grep -rq 'PRIVATE' "$dir"/log || fail "a key in the logs"
# Turned off and on by a reload.
set_acme "s|^certificates = |#certificates = |"
ctl reload || fail "a reload without certificates"
! ctl status | grep -q acmed || fail "acmed is still there"
set_acme "s|^#certificates = |certificates = |"
ctl reload || fail "a reload with certificates"
ctl status | grep -q 'acmed *running' || fail "acmed is not there again: $(ctl status)"
