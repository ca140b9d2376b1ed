#!/bin/sh
# SPDX-License-Identifier: MIT
# Logins with bearer tokens (OAUTHBEARER, XOAUTH2) at SMTP, IMAP and POP3: verified by the issuer's keys,
# and by asking the issuer; what is expired, spoiled, for others, or of an issuer that is down.
. "$(dirname "$0")/lib.sh"
web=$dir/issuer
mkdir -p "$web"
at_end() { [ -z "$issuer" ] || kill "$issuer" 2>/dev/null; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$web/key" -out "$web/ca.pem" -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat "$web/key" "$web/ca.pem" >"$web/tls.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$web/rsa.pem" 2>/dev/null
openssl genpkey -algorithm ED25519 -out "$web/ed.pem"
python3 t/system/issuer.py serve "$web" "$(port 800)" 9>&- & issuer=$!
ctl init --domain example.test --port-base "$base" --yes
for a in ann bob; do echo pw | ctl user add "$a@example.test" --password-stdin; done
mkdir -p "$dir/etc"; echo 'se:cret' >"$dir/etc/issuer.secret"
sed -i "s|^jwks = .*|jwks = \"https://localhost:$(port 800)/jwks\"|; s|^introspection = .*|introspection = \"https://localhost:$(port 800)/introspect\"|
 s|^issuer = .*|issuer = \"https://issuer.test\"|; s|^audience = .*|audience = [\"mail\"]|; s|^client = .*|client = \"jd mail\"|
 s|^secret_file = .*|secret_file = \"issuer.secret\"|; s|^ca_file = .*|ca_file = \"$web/ca.pem\"|" "$dir/etc/jdmail.toml"
ctl config check
ctl start
imap=imap://127.0.0.1:$(port 143)/ pop3=pop3://127.0.0.1:$(port 110)/ smtp=$(port 587)
token() { python3 t/system/issuer.py token "$web" "$@"; }
good() { token "$1" iss=https://issuer.test aud=mail exp=600 "$@" 2>/dev/null; }
by_curl() { curl -sS -o "$dir/out" --login-options "AUTH=$1" --oauth2-bearer "$2" -u "$3:" "$4" 2>"$dir/err"; }
ours="iss=https://issuer.test aud=mail"

for alg in RS256 EdDSA; do
  t=$(token $alg $ours exp=600 email=ann@example.test)
  for how in OAUTHBEARER XOAUTH2; do
    by_curl $how "$t" ann@example.test "$imap" || fail "$how with $alg at IMAP: $(cat "$dir/err")"
    by_curl $how "$t" ann@example.test "$pop3" || fail "$how with $alg at POP3: $(cat "$dir/err")"
    ! by_curl $how "$t" bob@example.test "$imap" || fail "$how: ann's token opened bob's mailbox"
  done
done
by_curl XOAUTH2 opaque-bob bob@example.test "$imap" || fail "introspection: $(cat "$dir/err")"
[ "$(grep -c jwks "$web/asked")" -le 2 ] || fail "the keys were fetched again and again"
for bad in "$ours exp=-600 email=ann@example.test" "$ours exp=600 email=ann@example.test bad=1" "iss=https://issuer.test aud=other exp=600 email=ann@example.test" \
  "iss=https://else.test aud=mail exp=600 email=ann@example.test" "$ours exp=600 email=ann@example.test email_verified=false" "$ours exp=600 sub=ann" "$ours email=ann@example.test"; do
  ! by_curl XOAUTH2 "$(token RS256 $bad)" ann@example.test "$imap" || fail "taken: $bad"
done
! by_curl XOAUTH2 unknown ann@example.test "$imap" || fail "an unknown token was taken"

python3 - "$smtp" "$(port 143)" "$(token EdDSA $ours exp=600 email=ann@example.test)" <<'P' || fail "SMTP, or the answer to a wrong token"
import base64, imaplib, json, smtplib, sys
port, imap, token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
s = smtplib.SMTP("127.0.0.1", port); s.ehlo()
assert "OAUTHBEARER XOAUTH2" in s.esmtp_features["auth"], s.esmtp_features
first = lambda t: base64.b64encode(f"n,a=ann@example.test,\x01host=x\x01port=1\x01auth=Bearer {t}\x01\x01".encode()).decode()
assert s.docmd("AUTH", "OAUTHBEARER " + first(token))[0] == 235
assert s.mail("ann@example.test")[0] == 250
s = smtplib.SMTP("127.0.0.1", port); s.ehlo()
code, text = s.docmd("AUTH", "OAUTHBEARER " + first("x" + token))
assert code == 334 and json.loads(base64.b64decode(text))["status"] == "invalid_token", (code, text)
assert s.docmd("AQ==")[0] == 535
code, text = s.docmd("AUTH", "OAUTHBEARER " + base64.b64encode(b"n,,\x01auth=Bearer").decode())
assert code == 501, (code, text)
code, text = s.docmd("AUTH", "OAUTHBEARER " + first("down"))   # not a JWT: the issuer is asked, and is down
assert code == 454, (code, text)
P
kill "$issuer"; issuer=
by_curl OAUTHBEARER "$(token RS256 $ours exp=600 email=bob@example.test)" bob@example.test "$imap" || fail "keys that are known work while the issuer is down"
! grep -rqE 'eyJ|opaque-' "$dir"/log/*/current || fail "a token in the logs"
grep -q 'why="the token is for another audience"' "$dir/log/directoryd/current" || fail "no reason in the log"
