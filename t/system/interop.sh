#!/bin/sh
# SPDX-License-Identifier: MIT
# A real Postfix, an instance of our own in the scratch directory, takes our mail: TLS, CHUNKING, 8 bits,
# more recipients than it takes at once, SMTPUTF8, a refused recipient; what arrives is what was sent.
. "$(dirname "$0")/lib.sh"
command -v postfix >/dev/null && [ "$(id -u)" = 0 ] && id postfix >/dev/null 2>&1 && command -v python3 >/dev/null ||
  { echo "left out: interop (needs Postfix, python3 and root)"; exit 0; }
pf=$dir/postfix p=$(port 26)
at_end() { [ $status = 0 ] || tail -n 30 "$pf/log" "$dir/postfix.out"; postfix -c "$pf/etc" stop >/dev/null 2>&1; }
chmod 755 "$dir"
mkdir -p "$pf/etc" "$pf/spool" "$pf/data" "$pf/mail"
chown postfix "$pf/data"
chown nobody "$pf/mail"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=postfix.test" -keyout "$pf/key.pem" -out "$pf/cert.pem" 2>/dev/null
cat >"$pf/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $pf/spool
data_directory = $pf/data
command_directory = /usr/sbin
daemon_directory = $(postconf -h daemon_directory 2>/dev/null || echo /usr/lib/postfix/sbin)
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
mydestination =
relayhost = [127.0.0.1]:$(port 25)
smtp_tls_security_level = may
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
maillog_file = $pf/log
maillog_file_prefixes = /tmp
smtpd_tls_security_level = may
smtpd_tls_cert_file = $pf/cert.pem
smtpd_tls_key_file = $pf/key.pem
smtpd_tls_loglevel = 1
smtputf8_enable = yes
virtual_mailbox_domains = postfix.test
virtual_mailbox_base = $pf/mail
virtual_mailbox_maps = texthash:$pf/etc/boxes
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 100
smtpd_recipient_limit = 3
smtpd_delay_reject = no
smtpd_recipient_overshoot_limit = 1000
alias_maps =
alias_database =
C
for b in dots wide large small gone 张 many0 many1 many2 many3 many4 many5 many6 many7 many8 many9; do echo "$b@postfix.test $b/"; done >"$pf/etc/boxes"
printf '/^gone@/ REJECT 5.1.1 gone\n' >"$pf/etc/refused"
printf 'smtpd_recipient_restrictions = check_recipient_access regexp:%s/etc/refused, permit_mynetworks, reject\n' "$pf" >>"$pf/etc/main.cf"
cat >"$pf/etc/master.cf" <<C
127.0.0.30:$p inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
C
postfix -c "$pf/etc" start >"$dir/postfix.out" 2>&1 9>&- || { cat "$dir/postfix.out"; echo "left out: interop (this machine's Postfix does not start)"; exit 0; }
listens() { grep -q ":$(printf %04X "$p") [0:]* 0A" /proc/net/tcp; }
wait_for 100 listens

ctl init --domain example.test --port-base "$base" --yes >/dev/null
echo pw | ctl user add ann@example.test --password-stdin >/dev/null
printf 'route postfix smtp host=127.0.0.30:%s\nto postfix.test postfix\n' "$p" >"$dir/etc/routes"
sed -i 's/^retry = .*/retry = ["2s"]/' "$dir/etc/jdmail.toml"
ctl start >/dev/null

cat >"$dir/send.py" <<'P'
import smtplib, sys, ssl
port, out = int(sys.argv[1]), sys.argv[2]
s = smtplib.SMTP("127.0.0.1", port)
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s.starttls(context=c); s.login("ann@example.test", "pw")
head = "From: ann@example.test\r\nTo: x@postfix.test\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
bodies = {"dots": ".\r\n..\r\n.x\r\n\r\nend\r\n", "wide": "h\u00e9 \u4e2d\u6587\r\n", "large": ("0123456789" * 7 + "\r\n") * 20000, "small": "x\r\n"}
for name, body in bodies.items():
    open(f"{out}/{name}", "wb").write(body.encode())
    s.sendmail("ann@example.test", [f"{name}@postfix.test"], (head % name + body).encode(), mail_options=["BODY=8BITMIME"])
s.sendmail("ann@example.test", [f"many{i}@postfix.test" for i in range(10)] + ["gone@postfix.test"], (head % "many" + "many\r\n").encode())
s.sendmail("ann@example.test", ["small@postfix.test"], (head % "told" + "x\r\n").encode(), rcpt_options=["NOTIFY=SUCCESS"])
s.sendmail("ann@example.test", ["\u5f20@postfix.test"], (head % "utf8" + "x\r\n").encode(), mail_options=["SMTPUTF8", "BODY=8BITMIME"])
P
mkdir "$dir/sent"
python3 "$dir/send.py" "$(port 587)" "$dir/sent"

box() { cat "$pf/mail/$1"/new/* 2>/dev/null; }
came() { [ "$(ls "$pf/mail/$1/new" 2>/dev/null | wc -l)" = "${2:-1}" ]; }
for b in dots wide large; do
  wait_for 100 came $b
  box $b | sed '1,/^\r*$/d' >"$dir/got"
  tr -d '\r' <"$dir/sent/$b" | cmp - "$dir/got" || fail "$b is not what was sent"
done
wait_for 100 came small 2
for i in 0 1 2 3 4 5 6 7 8 9; do wait_for 100 came many$i; done
wait_for 50 came 张
# Taken in transactions of three, in one session's attempt; nobody twice.
ctl queue list | grep -q 'the queue is empty' || wait_for 50 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'the queue is empty'"
wait_for 60 grep -q ' bdat=' "$pf/log"  # told when a session ends
grep -q 'TLS connection established from' "$pf/log" || fail "no TLS"
box dots | grep -q 'with ESMTPS' || fail "not by ESMTPS"
told() { ctl mailbox list ann@example.test | grep -q '^INBOX *[2-9] '; }
wait_for 100 told # the refusal, and Postfix's report of success
for n in 1 2; do ctl mailbox cat ann@example.test INBOX $n; done | tr -d '\r' >"$dir/reports"
grep -q '^Status: 5.1.1' "$dir/reports" || fail "the refused recipient is not reported"
