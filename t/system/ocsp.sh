#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether certificates are revoked, as `jdctl health` asks their issuer's OCSP responder (openssl ocsp): good,
# revoked, one that it does not know, one that does not answer, one of another authority, a chain without issuer.
. "$(dirname "$0")/lib.sh"
responder=
at_end() { kill $responder 2>/dev/null; }
instance >/dev/null
ca=$dir/ca url=http://127.0.0.1:$(port 80)
mkdir "$ca"
authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$2" -keyout "$ca/$1.key" -out "$ca/$1.pem" 2>/dev/null; }
authority one "Test authority"; authority two "Test authority"
give() {  # give NAME SERIAL: a certificate for NAME.test, with its issuer behind it
  t=$dir/etc/tls/$1; mkdir -p "$t"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1.test" -keyout "$t/key.pem" -out "$ca/csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s.test\nauthorityInfoAccess=OCSP;URI:%s\n' "$1" "$url" >"$ca/ext"
  openssl x509 -req -in "$ca/csr" -CA "$ca/one.pem" -CAkey "$ca/one.key" -set_serial "0x$2" -days 30 -extfile "$ca/ext" -out "$t/only" 2>/dev/null
  cat "$t/only" "$ca/one.pem" >"$t/cert.pem"
}
give good 0A; give gone 0B; give lost 0C; give short 0D
mv "$dir/etc/tls/short/only" "$dir/etc/tls/short/cert.pem"
until=$(date -u -d '+20 days' +%y%m%d%H%M%SZ) then=$(date -u -d yesterday +%y%m%d%H%M%SZ)
{
  printf 'V\t%s\t\t0A\tunknown\t/CN=good.test\n' "$until"
  printf 'R\t%s\t%s,keyCompromise\t0B\tunknown\t/CN=gone.test\n' "$until" "$then"
} >"$ca/index"
answers() {  # answers AUTHORITY: its responder, until it is killed
  [ -z "$responder" ] || { kill "$responder"; wait "$responder" 2>/dev/null || true; }
  responder=; [ -n "$1" ] || return 0
  openssl ocsp -index "$ca/index" -port "$(port 80)" -CA "$ca/one.pem" -rsigner "$ca/$1.pem" -rkey "$ca/$1.key" -ndays 1 -ignore_err >"$ca/log" 2>&1 9>&- & responder=$!
  wait_for 50 curl -s "$url" -o "$ca/out"
}
line() { grep -q "^ocsp $1 .*$2" "$dir/out" || fail "ocsp of $1 is not '$2': $(cat "$dir/out")"; }
health() { ctl health $2 >"$dir/out" && s=0 || s=$?; [ "$s" = "$1" ] || fail "health $2 answers $s: $(cat "$dir/out")"; }

answers one
health 2
line good 'ok .*not revoked'
line gone 'failed .*revoked on .*keyCompromise.*put another into .*etc/tls/gone/cert.pem'
line lost 'warning .*does not know it'
line short 'warning .*is not behind it in the file'
! grep -q 'ocsp default' "$dir/out" || fail "a certificate without a responder is asked for"
health 2 --json
grep -A2 '"check": *"ocsp gone"' "$dir/out" | grep -q '"state": *"failed"' || fail "JSON: $(cat "$dir/out")"
rm -r "$dir/etc/tls/gone" "$dir/etc/tls/lost" "$dir/etc/tls/short"
health 0
answers two
health 0
line good 'warning .*not signed by'
answers ''
health 0
line good 'warning .*not known whether it is revoked: http://127.0.0.1'
