#!/bin/sh
# SPDX-License-Identifier: MIT
# A real Exim 4 in the scratch directory takes our mail and sends us its own: TLS, CHUNKING, SMTPUTF8, DSN,
# an address refused for a while, one refused for good.  EXIM names the program when it is not in the path.
. "$(dirname "$0")/lib.sh"
EXIM=${EXIM:-$(command -v exim4 || command -v exim || true)}
[ -n "$EXIM" ] && [ "$(id -u)" = 0 ] && id Debian-exim >/dev/null 2>&1 && command -v python3 >/dev/null ||
  { echo "left out: interop_exim (needs Exim 4, its user, python3 and root)"; exit 0; }
ex=$dir/exim p=$(port 27)
exim() { "$EXIM" -C "$ex/conf" "$@" 9>&-; }
at_end() {
  [ $status = 0 ] || tail -n 40 "$ex/log/main" "$ex/log/panic" 2>/dev/null
  [ ! -s "$ex/pid" ] || kill "$(cat "$ex/pid")"
}
chmod 755 "$dir"
mkdir -p "$ex/spool" "$ex/log" "$ex/mail"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=exim.test" -keyout "$ex/key.pem" -out "$ex/cert.pem" 2>/dev/null
chown -R Debian-exim "$ex"
cat >"$ex/conf" <<C
primary_hostname = exim.test
keep_environment =
exim_path = $EXIM
exim_user = Debian-exim
exim_group = $(id -gn Debian-exim)
never_users = root
spool_directory = $ex/spool
log_file_path = $ex/log/%s
pid_file_path = $ex/pid
local_interfaces = 127.0.0.31
daemon_smtp_ports = $p
disable_ipv6
tls_certificate = $ex/cert.pem
tls_privatekey = $ex/key.pem
tls_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
log_selector = +received_recipients +tls_cipher
begin acl
rcpt:
  deny local_parts = gone
       message = 550 5.1.1 gone
  defer local_parts = later
        condition = \${if exists{$ex/open}{no}{yes}}
        message = 450 4.2.1 come later
  accept hosts = 127.0.0.0/8
data:
  accept
begin routers
here:
  driver = accept
  domains = exim.test
  transport = box
jdmail:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = out
begin transports
box:
  driver = appendfile
  directory = $ex/mail
  maildir_format
  user = Debian-exim
  envelope_to_add
out:
  driver = smtp
  port = $(port 25)
  hosts_require_tls = *
begin retry
* * F,1h,1s
C
exim -bd -q1s >"$dir/exim.out" 2>&1 || { cat "$dir/exim.out"; echo "left out: interop_exim (this machine's Exim does not start)"; exit 0; }
listens() { grep -q ":$(printf %04X "$p") [0:]* 0A" /proc/net/tcp; }
wait_for 100 listens

ctl init --domain example.test --port-base "$base" --yes >/dev/null
for a in ann bob eve 张; do echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null; done
printf 'route exim smtp host=127.0.0.31:%s\nto exim.test exim\n' "$p" >"$dir/etc/routes"
sed -i 's/^retry = .*/retry = ["2s"]/' "$dir/etc/jdmail.toml"
ctl start >/dev/null
count() { [ "$(ctl mailbox list "$1@example.test" | sed -n 's/^INBOX *\([0-9]*\).*/\1/p')" -ge "$2" ]; }

cat >"$dir/send.py" <<'P'
import smtplib, sys, ssl
ours, theirs, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
head = "From: ann@example.test\r\nTo: %s\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
bodies = {"dots": ".\r\n..\r\n.x\r\n\r\nend\r\n", "wide": "h\u00e9 \u4e2d\u6587\r\n", "large": ("0123456789" * 7 + "\r\n") * 20000}
def send(s, to, subject, body="x\r\n", mail=[], rcpt=[], sender="ann@example.test"):
    s.sendmail(sender, [to], (head % (to, subject) + body).encode(), mail_options=["BODY=8BITMIME"] + mail, rcpt_options=rcpt)
for way, host, port, domain, login in (("out", "127.0.0.1", ours, "exim.test", True), ("in", "127.0.0.31", theirs, "example.test", False)):
    s = smtplib.SMTP(host, port)
    s.starttls(context=c)
    if login: s.login("ann@example.test", "pw")
    for name, body in bodies.items():
        open(f"{out}/{name}", "wb").write(body.encode())
        send(s, f"bob@{domain}", f"{way}-{name}", body)
    send(s, f"bob@{domain}", f"{way}-told", "secret words\r\n", ["RET=HDRS", f"ENVID={way}-envid"], ["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{way}-orcpt@{domain}"])
    send(s, f"bob@{domain}", f"{way}-silent", "x\r\n", [], ["NOTIFY=NEVER"])
    send(s, f"\u5f20@{domain}", f"{way}-\u5f20", "x\r\n", ["SMTPUTF8"])
    if login:
        send(s, f"gone@{domain}", f"{way}-gone", "x\r\n", ["ENVID=gone-envid"], ["NOTIFY=FAILURE"])
        send(s, f"later@{domain}", f"{way}-later")
    else:
        send(s, f"nobody@{domain}", f"{way}-nobody", "secret words\r\n", ["RET=HDRS", "ENVID=nobody-envid"], ["NOTIFY=FAILURE", "ORCPT=rfc822;nobody-orcpt@example.test"])
P
mkdir "$dir/sent"
python3 "$dir/send.py" "$(port 587)" "$p" "$dir/sent"

# Out: what Exim put into its maildir is what was sent.
of() { grep -l "^Subject: $1" "$ex"/mail/new/* 2>/dev/null; }
for b in dots wide large; do
  wait_for 100 of "out-$b"
  sed '1,/^\r*$/d' "$(of "out-$b")" >"$dir/got"
  tr -d '\r' <"$dir/sent/$b" | cmp - "$dir/got" || fail "$b is not what was sent"
done
wait_for 100 of out-张
log() { grep -Eq "$1" "$ex/log/main" || fail "not in Exim's log: $1"; }
log '<= ann@example.test .* P=esmtps .*X=TLS.* K '   # STARTTLS and CHUNKING
log '<= ann@example.test .* P=utf8esmtps'
# An address refused for a while comes once it is taken.
wait_for 50 grep -q 'temporarily rejected RCPT <later@exim.test>' "$ex/log/main"
touch "$ex/open"
wait_for 100 of out-later

# In: from Exim to us.
mails() { for n in $(seq 1 "$(ctl mailbox list "$1@example.test" | sed -n 's/^INBOX *\([0-9]*\).*/\1/p')"); do ctl mailbox cat "$1@example.test" INBOX "$n"; done | tr -d '\r'; }
wait_for 100 count bob 5
wait_for 100 count 张 1
for n in 1 2 3 4 5; do
  ctl mailbox cat bob@example.test INBOX $n | tr -d '\r' >"$dir/one"
  b=$(sed -n 's/^Subject: in-//p' "$dir/one")
  grep -q 'with ESMTPS' "$dir/one" || fail "$b came without TLS"
  [ -f "$dir/sent/$b" ] || continue
  sed '1,/^$/d' "$dir/one" >"$dir/got"
  tr -d '\r' <"$dir/sent/$b" | cmp - "$dir/got" || fail "$b is not what Exim was given"
done
mails 张 | grep -q 'with UTF8SMTPS' || fail "Exim's SMTPUTF8 is not told"
log '=> bob@example.test .*X=TLS.* K C="250'
log '=> 张@example.test .*X=TLS'

# Without our directory nobody new can be looked up: a 4xx, and Exim's next attempt is taken.
s6-svc -wD -d "$dir/service/directoryd"
printf 'Subject: late\n\nx\n' | exim -f ann@example.test eve@example.test
wait_for 150 grep -Eq '== eve@example.test .* 4[25]1 ' "$ex/log/main"
s6-svc -wU -u "$dir/service/directoryd"
wait_for 200 count eve 1

# Reports: Exim's on what it took from us, ours on what it passed on, each on a refused address.
wait_for 150 count ann 4
mails ann >"$dir/reports"
for w in out-envid in-envid gone-envid nobody-envid; do grep -qi "^Original-Envelope-Id: $w" "$dir/reports" || fail "no report with $w"; done
for w in out-orcpt@exim.test in-orcpt@example.test nobody-orcpt@example.test; do
  grep -qi "^Original-Recipient: rfc822; *$w" "$dir/reports" || fail "no report with $w"
done
[ "$(grep -ci '^Action: failed' "$dir/reports")" = 2 ] && [ "$(grep -ci '^Action: delivered' "$dir/reports")" = 2 ] || fail "the reports are not two of each kind"
! grep -q 'secret words' "$dir/reports" || fail "RET=HDRS is not kept"
ctl queue list | grep -q 'the queue is empty' || wait_for 50 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'the queue is empty'"
