#!/bin/sh
# SPDX-License-Identifier: MIT
# Logins with SCRAM at every door, by a client of the test's own and by gsasl: bound to the TLS
# connection, refused when somebody took -PLUS out, for accounts that have no verifier yet.
. "$(dirname "$0")/lib.sh"
instance
scram() { python3 t/system/auth.py "$@"; }
smtp=$(port 587) smtps=$(port 465) imap=$(port 143) imaps=$(port 993) pop3=$(port 110) pop3s=$(port 995)

for to in "smtp $smtp" "imap $imap" "pop3 $pop3" "smtps $smtps" "imaps $imaps" "pop3s $pop3s"; do
  scram $to SCRAM-SHA-256 ann@example.test pw >/dev/null || fail "SCRAM at $to"
  ! scram $to SCRAM-SHA-256 ann@example.test wrong >/dev/null || fail "a wrong password at $to"
  ! scram $to SCRAM-SHA-256 nobody@example.test pw >/dev/null || fail "an unknown account at $to"
done
for to in "smtps $smtps" "imaps $imaps" "pop3s $pop3s"; do
  scram $to SCRAM-SHA-256-PLUS ann@example.test pw end-point >/dev/null || fail "bound to the certificate at $to"
  scram $to SCRAM-SHA-256-PLUS ann@example.test pw exporter >/dev/null || fail "bound to the connection at $to"
  ! scram $to SCRAM-SHA-256 ann@example.test pw y >/dev/null || fail "-PLUS was taken out at $to, and nobody noticed"
done
printf "a LOGOUT\r\n" | openssl s_client -connect "127.0.0.1:$imaps" -quiet 2>/dev/null | grep -q "AUTH=SCRAM-SHA-256-PLUS" || fail "the greeting in TLS does not offer -PLUS"
scram smtp "$smtp" SCRAM-SHA-256 ann@example.test pw y >/dev/null || fail "a client that can bind, where nothing is to bind to"
scram imap "$imap" SCRAM-SHA-256 ann pw >/dev/null || fail "a name without its domain"

# The session behind such a login is one like any other.
if command -v gsasl >/dev/null; then
  printf 'pw\n' | gsasl --imap -c --no-starttls --mechanism SCRAM-SHA-256 -a ann@example.test --connect 127.0.0.1:"$imap" --password pw 2>&1 </dev/null |
    grep -q 'OK .*logged in' || fail "gsasl at IMAP"
  gsasl --smtp -c --no-starttls --mechanism SCRAM-SHA-256 -a ann@example.test --connect 127.0.0.1:"$smtp" --password pw 2>&1 </dev/null |
    grep -q '^235 ' || fail "gsasl at SMTP"
else
  echo "left out: gsasl is not installed"
fi

# What comes back for a name tells nothing: the same salt each time, also after a restart.
salt() { python3 - "$imap" "$1" <<'PY'
import base64, socket, sys
f = socket.create_connection(("127.0.0.1", int(sys.argv[1]))).makefile("rwb", 0)
f.readline()
f.write(b"a AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(f"n,,n={sys.argv[2]},r=abc".encode()) + b"\r\n")
print(base64.b64decode(f.readline()[2:]).decode().split(",", 1)[1])
PY
}
before=$(salt nobody@example.test)
[ "$before" = "$(salt Nobody)" ] || fail "two salts for one name"
[ "$before" != "$(salt ann@example.test)" ] && [ "$before" != "$(salt else@example.test)" ] || fail "one salt for two names"
kill -9 "$(cat "$dir/run/directoryd.lock")"
wait_for 60 scram imap "$imap" SCRAM-SHA-256 ann@example.test pw
[ "$before" = "$(salt nobody@example.test)" ] || fail "another salt after a restart"

# A changed password changes the verifier; a suspended account has none that is good.
echo new | ctl user passwd bob@example.test --password-stdin
scram imap "$imap" SCRAM-SHA-256 bob@example.test new >/dev/null || fail "the new password"
! scram imap "$imap" SCRAM-SHA-256 bob@example.test pw >/dev/null || fail "the old password"
ctl user suspend bob@example.test
! scram imap "$imap" SCRAM-SHA-256 bob@example.test new >/dev/null || fail "a suspended account was taken"
! grep -rqE 'SCRAM-SHA-256\$|pencil|[^a-z]p=' "$dir"/log/*/current || fail "a secret in the logs"
grep -q 'login_failed .*why="wrong password"' "$dir"/log/directoryd/current || fail "no reason in the log"
