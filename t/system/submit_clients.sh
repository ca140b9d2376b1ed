#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that submit mail: msmtp and curl with each way to log in, nodemailer (where NODE_PATH has it) with TLS, DSN,
# attachments and a Chinese subject; what they are told when a password is wrong.
. "$(dirname "$0")/lib.sh"
instance
arrived() { [ "$(ctl mailbox list bob@example.test 2>/dev/null | awk '$1 == "INBOX" {print $2}')" = "$1" ]; }
count=0
if command -v msmtp >/dev/null; then
  printf 'pw\n' >"$dir/password"
  m() { # method password-file
    printf 'From: ann@example.test\nTo: bob@example.test\nSubject: %s\n\nby msmtp\n' "$1" |
      msmtp --file=/dev/null --host=127.0.0.1 --port="$(port 587)" --tls=on --tls-starttls=on --tls-trust-file= --tls-certcheck=off \
        --auth="$1" --user=ann@example.test --passwordeval="cat $2" --from=ann@example.test bob@example.test
  }
  for way in plain login scram-sha-256; do
    msmtp --version | grep -qE "(^| )$way( |$)" || { echo "left out: msmtp has no $way"; continue; }
    m "$way" "$dir/password" || fail "msmtp --auth=$way"
    count=$((count + 1))
  done
  wait_for 100 arrived $count
  echo wrong >"$dir/wrong"
  m plain "$dir/wrong" 2>"$dir/out" && fail "msmtp with a wrong password"
  grep -q '535 5.7.8' "$dir/out" || { cat "$dir/out"; fail "msmtp is not told why"; }
else
  echo "left out: msmtp (not installed)"
fi

if command -v curl >/dev/null && curl --version | grep -q '^Protocols:.* smtps'; then
  { printf 'From: ann@example.test\r\nTo: bob@example.test\r\nSubject: by curl\r\n\r\n.a line that begins with a dot\r\n'; seq 1 20000 | sed 's/$/\r/'; } >"$dir/letter"
  c() { # method url user:password: over TLS from the beginning, or from STARTTLS on
    timeout 60 curl -sS --ssl-reqd --insecure --login-options "AUTH=$1" --user "$3" --mail-from ann@example.test \
      --mail-rcpt bob@example.test --upload-file "$dir/letter" "$2"
  }
  for way in PLAIN LOGIN SCRAM-SHA-256; do
    for url in "smtp://127.0.0.1:$(port 587)/client.test" "smtps://127.0.0.1:$(port 465)/client.test"; do
      if c "$way" "$url" ann@example.test:pw 2>"$dir/out"; then count=$((count + 1))
      elif [ "$way" = SCRAM-SHA-256 ] && ! curl --version | grep -qi gsasl; then echo "left out: curl has no $way"
      else cat "$dir/out"; fail "curl with $way to $url"; fi
    done
  done
  wait_for 100 arrived $count
  ctl mailbox cat bob@example.test INBOX $count >"$dir/got"
  grep -q '^\.a line that begins with a dot' "$dir/got" || fail "curl's dot"
  tail -1 "$dir/got" | grep -q '^20000' || fail "the end of curl's message"
  c PLAIN "smtp://127.0.0.1:$(port 587)" ann@example.test:wrong 2>"$dir/out" && fail "curl with a wrong password"
  grep -qi 'denied' "$dir/out" || { cat "$dir/out"; fail "curl is not told why"; }
else
  echo "left out: curl (not installed, or without smtps)"
fi

if command -v node >/dev/null && node -e 'require("nodemailer")' 2>/dev/null; then
  cat >"$dir/send.js" <<J
const t = require("nodemailer").createTransport({host: "127.0.0.1", port: $(port 587), requireTLS: true, tls: {rejectUnauthorized: false},
  auth: {user: "ann@example.test", pass: process.argv[2]}});
t.sendMail({from: "ann@example.test", to: "bob@example.test", subject: "\u4f60\u597d", text: "\u4e2d\u6587", attachments: [{filename: "a.bin", content: Buffer.alloc(70000, 7)}],
  dsn: {id: "one", return: "headers", notify: ["success", "failure"], recipient: "ann@example.test"}})
  .then(i => { console.log(i.response); }, e => { console.log(e.response || e.message); process.exit(1); });
J
  node "$dir/send.js" pw >"$dir/out" || { cat "$dir/out"; fail "nodemailer"; }
  count=$((count + 1))
  wait_for 100 arrived $count
  ctl mailbox cat bob@example.test INBOX $count | grep -q 'filename=a.bin' || fail "nodemailer's attachment"
  wait_for 100 sh -c "'$B/jdctl' --prefix '$dir' mailbox cat ann@example.test INBOX 1 | grep -q 'Action: delivered'"
  node "$dir/send.js" wrong >"$dir/out" && fail "nodemailer with a wrong password"
  grep -q '535 5.7.8' "$dir/out" || { cat "$dir/out"; fail "nodemailer is not told why"; }
else
  echo "left out: nodemailer (node, or NODE_PATH without it)"
fi
