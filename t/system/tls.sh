#!/bin/sh
# SPDX-License-Identifier: MIT
# Certificates by SNI, client certificates, what TLS is spoken, and what `tls list` and `health` say of it.
. "$(dirname "$0")/lib.sh"
ctl init --domain example.test --port-base "$base" --yes
echo pw | ctl user add ann@example.test --password-stdin
self() { mkdir -p "$dir/etc/tls/$1"; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/etc/tls/$1/key.pem" -out "$dir/etc/tls/$1/cert.pem" -days "$3" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" 2>/dev/null; }
self one one.test 900; self wild '*.two.test' 900
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -out "$dir/etc/clients.pem" -days 9 -subj /CN=clients 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/client.key" -out "$dir/client.csr" -subj /CN=ann 2>/dev/null
openssl x509 -req -in "$dir/client.csr" -CA "$dir/etc/clients.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 9 -out "$dir/client.pem" 2>/dev/null
sed -i 's|^client_ca = .*|client_ca = "clients.pem"|' "$dir/etc/jdmail.toml"
ctl start
say() { openssl s_client -connect "127.0.0.1:$1" $2 </dev/null 2>/dev/null; }
subject() { say "$1" "$2" | openssl x509 -noout -subject | sed 's/.*CN = //'; }
for p in $(port 465) $(port 993) $(port 995); do
  [ "$(subject "$p" "-servername one.test")" = one.test ] || fail "SNI at $p"
  [ "$(subject "$p" "-servername a.two.test")" = '*.two.test' ] || fail "a wildcard at $p"
  [ "$(subject "$p" "-servername a.b.two.test")" = mail.example.test ] || fail "a wildcard is for one label, at $p"
  [ "$(subject "$p" "-noservername")" = mail.example.test ] || fail "the default at $p"
  say "$p" -tls1_2 | grep -q 'Cipher is ECDHE-ECDSA-AES' || fail "TLS 1.2 at $p"
  ! say "$p" "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0" | grep -q 'Cipher is ECDHE' || fail "CBC at $p"
  ! say "$p" "-tls1_1 -cipher ALL:@SECLEVEL=0" | grep -q 'Cipher is E' || fail "TLS 1.1 at $p"
  say "$p" "-cert $dir/client.pem -key $dir/client.key" | grep -q 'Cipher is' || fail "a client with a certificate at $p"
  say "$p" "-servername one.test -cert $dir/client.pem -key $dir/client.key" | grep -q 'Cipher is' || fail "the same by a name at $p"
  say "$p" "-cert $dir/etc/tls/one/cert.pem -key $dir/etc/tls/one/key.pem" | grep -q 'Cipher is' || fail "a client with a strange certificate at $p"
done
wait_for 30 grep -q 'client_certificate .*subject="\?CN=ann"\? good=yes' "$dir/log/smtpd/current"
grep 'client_certificate .*CN=ann' "$dir/log/smtpd/current" | grep -q 'good=no' && fail "a good client's certificate is bad where it asks for a name"
wait_for 30 grep -q 'client_certificate .*CN=one.test"\? good=no' "$dir/log/frontd/current"

# health: fine, a certificate that wants what is not done, one that is damaged, a program that does not work.
state() { ctl health --json >"$dir/out" && echo 0 || echo $?; }
[ "$(state)" = 0 ] || fail "health: $(cat "$dir/out")"
mkdir "$dir/etc/tls/soon"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/etc/tls/soon/key.pem" -out "$dir/etc/tls/soon/cert.pem" -days 900 -subj /CN=soon.test -addext tlsfeature=status_request 2>/dev/null
ctl health | grep -q '^certificate soon *warning' || fail "a certificate that must be stapled: $(ctl health)"
! ctl health --strict >/dev/null || fail "--strict takes a warning for nothing"
echo no >"$dir/etc/tls/soon/cert.pem"
[ "$(state)" = 2 ] || fail "a damaged certificate: $(cat "$dir/out")"
rm -r "$dir/etc/tls/soon"
s6-svc -d "$dir/service/qrun"
sleep_until_down() { ! s6-svstat -o up "$dir/service/qrun" | grep -q true; }
wait_for 100 sleep_until_down
[ "$(state)" = 2 ] || fail "a program that is down"
grep -q 'not working: qrun' "$dir/out" || fail "which one? $(cat "$dir/out")"
s6-svc -u "$dir/service/qrun"
up_again() { [ "$(state)" = 0 ]; }
wait_for 100 up_again
ctl stop >/dev/null
[ "$(state)" = 2 ] || fail "all is down and health is well"
