#!/bin/sh
# SPDX-License-Identifier: MIT
# reload takes a new certificate and configuration; sessions that stand, plain and TLS, go on.
. "$(dirname "$0")/lib.sh"
instance
shown() { openssl s_client -connect "127.0.0.1:$(port "$1")" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint; }
before=$(shown 993)
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=new.example.test -keyout "$dir/etc/tls/key.pem" -out "$dir/etc/tls/certificate.pem" 2>/dev/null
python3 - "$(port 143)" "$(port 993)" "$B/jdctl" "$dir" <<'PY' || fail "a session did not survive the reload"
import imaplib, ssl, subprocess, sys, time
plain, tls, jdctl, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
a, b = imaplib.IMAP4("127.0.0.1", plain), imaplib.IMAP4_SSL("127.0.0.1", tls, ssl_context=context)
for m in (a, b):
    m.login("ann@example.test", "pw")
    m.select()
subprocess.check_call([jdctl, "--prefix", prefix, "reload"])
for _ in range(100):
    if subprocess.call([jdctl, "--prefix", prefix, "status"], stdout=subprocess.DEVNULL) == 0:
        break
    time.sleep(0.1)
for m in (a, b):
    assert m.noop()[0] == "OK"
    assert m.append("INBOX", None, None, b"Subject: x\r\n\r\nx\r\n")[0] == "OK"
    m.logout()
PY
new_one() { [ "$(shown 993)" != "$before" ] && [ "$(shown 465)" != "$before" ]; }
wait_for 50 new_one
# A configuration that is wrong is refused and changes nothing.
sed -i 's/^hostname = .*/hostname = 3/' "$dir/etc/jdmail.toml"
! ctl reload >"$dir/out" 2>&1 || fail "a wrong configuration was taken"
grep -q 'hostname must be a text' "$dir/out" || fail "the refusal does not say why"
curl -sS -u ann@example.test:pw "imap://127.0.0.1:$(port 143)/INBOX;UID=1" | grep -q '^Subject: x' || fail "it does not work any more"
