#!/bin/sh
# SPDX-License-Identifier: MIT
# TLS to other hosts, in signed and unsigned zones of our own (nsd, ldns) with a test authority: DANE,
# MTA-STS, the operator's policy, REQUIRETLS, reports; and the ways of etc/routes.
. "$(dirname "$0")/lib.sh"
for c in nsd ldns-signzone python3 openssl; do
  command -v $c >/dev/null || { echo "left out: relay_tls (needs nsd, ldnsutils, python3 and openssl)"; exit 0; }
done
nsd= sink= web=
at_end() { kill $nsd $sink $web 2>/dev/null; }
d=$(port 53) p=$(port 25) w=$(port 443) r=$dir/record z=$dir/dns
mkdir "$z" "$dir/pki"

# An authority, certificates by it, and one by nobody.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Test authority" -keyout "$dir/pki/ca.key" -out "$dir/pki/ca.pem" 2>/dev/null
}
certificate() {  # certificate FILE NAME...: the first name's, signed by the authority
  f=$dir/pki/$1; shift
  san=$(printf 'DNS:%s,' "$@")
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$f.key" -out "$f.csr" 2>/dev/null
  printf 'subjectAltName=%s\n' "${san%,}" >"$f.ext"
  openssl x509 -req -in "$f.csr" -CA "$dir/pki/ca.pem" -CAkey "$dir/pki/ca.key" -CAcreateserial -days 30 -extfile "$f.ext" -out "$f.only" 2>/dev/null
  cat "$f.only" "$dir/pki/ca.pem" >"$f.pem"
}
self_signed() {  # self_signed FILE NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$dir/pki/$1.key" -out "$dir/pki/$1.pem" 2>/dev/null
}
digest() { openssl x509 -in "$dir/pki/$1" -outform DER | sha256sum | cut -d' ' -f1; }
key_digest() { openssl x509 -in "$dir/pki/$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1; }
authority
self_signed self self.test
certificate ta h4.mail.example
certificate sts h8.plain.example h10.plain.example
certificate web mta-sts.stsgood.plain.example mta-sts.stsbad.plain.example mta-sts.stsmx.plain.example mta-sts.ststest.plain.example mta-sts.stsshort.plain.example
head -c 64 /dev/zero | tr '\0' 0 >"$dir/zeros"

zone() {  # zone NAME: its lines come from stdin
  { printf '$ORIGIN %s.\n$TTL 300\n@ SOA ns root 1 3600 900 86400 30\n@ NS ns\nns A 127.0.0.1\n' "$1"; cat; } >"$z/$1.zone"
}
sign() {  # sign NAME [ldns-signzone options]
  name=$1; shift
  (cd "$z" && k=$(ldns-keygen -a ECDSAP256SHA256 -k "$name") && ldns-signzone -n "$@" -f "$name.zone" "$name.zone" "$k" && cat "$k.key" >>anchors)
}
t=_$p._tcp
zone mail.example <<Z
good MX 10 h2
bad MX 10 h3
ta MX 10 h4
none MX 10 h5
unusable MX 10 h6
clear MX 10 h7
alias MX 10 cn
cn CNAME h2
away MX 10 aw
aw CNAME h9.plain.example.
out MX 10 ow
ow CNAME h9.plain.example.
$t.aw TLSA 3 1 1 $(key_digest self.pem)
$t.ow TLSA 3 1 1 $(cat "$dir/zeros")
$t.h2 TLSA 3 1 1 $(key_digest self.pem)
$t.h3 TLSA 3 1 1 $(cat "$dir/zeros")
$t.h4 TLSA 2 0 1 $(digest ca.pem)
$t.h6 TLSA 1 1 1 $(key_digest self.pem)
$t.h7 TLSA 0 1 1 $(key_digest self.pem)
_smtp._tls.good TXT "v=TLSRPTv1; rua=mailto:reports@sink.plain.example"
_smtp._tls.bad TXT "v=TLSRPTv1; rua=mailto:reports@sink.plain.example,https://mta-sts.stsgood.plain.example:$w/report"
$(for n in 2 3 4 5 6 7; do echo "h$n A 127.0.0.$n"; done)
Z
zone expired.example <<Z
@ MX 10 h2
h2 A 127.0.0.2
Z
zone plain.example <<Z
$(for n in stsgood:8 stsbad:9 stsmx:10 ststest:9 stsweb:9 stsshort:9; do
  printf '%s MX 10 h%s\n_mta-sts.%s TXT "v=STSv1; id=1;"\n' "${n%:*}" "${n#*:}" "${n%:*}"
  case $n in stsweb:*) echo "mta-sts.${n%:*} A 127.0.0.12" ;; *) echo "mta-sts.${n%:*} A 127.0.0.11" ;; esac
done)
$(for n in verify:9 print:9 print2:9 clear:9 dane:9 encrypt:13; do printf '%s MX 10 h%s\n' "${n%:*}" "${n#*:}"; done)
broken MX 10 h14
sink MX 10 h13
pool MX 10 h13
lm MX 10 h13
office MX 10 h13
block MX 10 h16
$(for n in 8 9 10 13 14 16; do echo "h$n A 127.0.0.$n"; done)
Z
sign mail.example
sign expired.example -i 20250101000000 -e 20250201000000
{
  printf 'server:\n  ip-address: 127.0.0.1@%s\n  username: ""\n  zonesdir: "%s"\n  pidfile: "%s/pid"\n  zonelistfile: "%s/zones"\n' "$d" "$z" "$z" "$z"
  printf '  xfrdfile: "%s/xfrd"\n  xfrdir: "%s"\n  logfile: "%s/log"\n  server-count: 1\n  database: ""\nremote-control:\n  control-enable: no\n' "$z" "$z" "$z"
  for n in mail.example expired.example plain.example; do printf 'zone:\n  name: %s\n  zonefile: %s.zone\n' $n $n; done
} >"$z/nsd.conf"
nsd -d -c "$z/nsd.conf" 9>&- & nsd=$!

# Where policies are fetched: one file for each host, over HTTPS.
mkdir "$dir/web"
policy() { printf 'version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: %s\r\n' "$2" "$3" "${4:-86400}" >"$dir/web/mta-sts.$1.plain.example"; }
policy stsgood enforce h8.plain.example
policy stsbad enforce '*.plain.example'
policy stsmx enforce other.plain.example
policy ststest testing h9.plain.example
policy stsweb enforce h8.plain.example
policy stsshort enforce h9.plain.example 20
cat >"$dir/web.py" <<'P'
import gzip, http.server, os, ssl, sys, threading
root, port = sys.argv[1], int(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(root, self.headers["Host"].split(":")[0])
        good = self.path == "/.well-known/mta-sts.txt" and os.path.exists(path)
        body = open(path, "rb").read() if good else b"no"
        self.send_response(200 if good else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.headers["Content-Type"] == "application/tlsrpt+gzip" and b"bad.mail.example" in gzip.decompress(body)
        open(root + "/posted", "a").write("good\n" if good else "bad\n")
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *a): pass
for where in sys.argv[3:]:
    address, _, pair = where.partition("@")
    s = http.server.ThreadingHTTPServer((address, port), Handler)
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(*pair.split("+"))
    s.socket = c.wrap_socket(s.socket, server_side=True)
    threading.Thread(target=s.serve_forever).start()
print("ready", flush=True)
P
web_starts() {
  python3 "$dir/web.py" "$dir/web" "$w" "127.0.0.11@$dir/pki/web.pem+$dir/pki/web.key" "127.0.0.12@$dir/pki/self.pem+$dir/pki/self.key" >"$dir/web.out" 2>&1 9>&- & web=$!
  wait_for 50 grep -q ready "$dir/web.out"
}
web_starts

tls() { printf 'tls=%s+%s' "$dir/pki/$1.pem" "$dir/pki/$1.key"; }
python3 t/system/smtp_sink.py "$r" "127.0.0.2@$p,$(tls self),ext=REQUIRETLS" "127.0.0.3@$p,$(tls self)" "127.0.0.4@$p,$(tls ta)" "127.0.0.5@$p,$(tls self)" \
  "127.0.0.6@$p,$(tls self)" "127.0.0.7@$p" "127.0.0.8@$p,$(tls sts)" "127.0.0.9@$p,$(tls self)" "127.0.0.10@$p,$(tls sts)" "127.0.0.13@$p" \
  "127.0.0.14@$p,tlsbroken" "127.0.0.16@$p,greet=554,name=blacklisted" "127.0.0.20@$(port 24),lmtp" "127.0.0.21@$p" "127.0.0.22@$p,$(tls sts),auth=us+secret" >"$dir/sink.out" 2>&1 9>&- & sink=$!
wait_for 50 grep -q ready "$dir/sink.out"

ctl init --domain example.test --port-base "$base" --yes >/dev/null
set_to() { sed -i "s|^$1 = .*|$1 = $2|" "$dir/etc/jdmail.toml"; }
set_to servers "[\"127.0.0.1@$d\"]"
set_to port "$p"
set_to retry '["3s"]'
set_to dnssec '"on"'
set_to trust_anchor "\"$z/anchors\""
set_to ca_file "\"$dir/pki/ca.pem\""
set_to sts_port "$w"
set_to tls_report_every '"8s"'
cat >"$dir/etc/tls-policy" <<T
verify.plain.example   verify
print.plain.example    fingerprint match=$(digest self.pem)
print2.plain.example   fingerprint match=$(cat "$dir/zeros")
clear.plain.example    none
dane.plain.example     dane-only
encrypt.plain.example  encrypt
T
printf secret >"$dir/etc/isp.password"
cat >"$dir/etc/routes" <<T
route store  lmtp host=127.0.0.20:$(port 24)
route office smtp host=127.0.0.21:$p
route isp    smtp host=127.0.0.22:$p user=us password_file=isp.password
route pool   mx   source=127.0.0.77,127.0.0.78 helo=out.example.test
to   lm.plain.example     store
to   .office.plain.example office
to   office.plain.example office
from bulk@example.test    pool
user bob@example.test     isp
T
for a in ann bob; do echo pw | ctl user add $a@example.test --password-stdin >/dev/null; done
ctl config check >/dev/null
sed -i 's/dane-only/dan-only/' "$dir/etc/tls-policy"
! ctl config check 2>"$dir/err" && grep -q 'tls-policy:5: unknown level' "$dir/err" || fail "config check does not name the line"
sed -i 's/dan-only/dane-only/' "$dir/etc/tls-policy"
ctl start >/dev/null

inject() {  # inject SUBJECT FROM ADDRESS...
  printf 'Subject: %s\n%s\nbody\n' "$1" "${header:+$header
}" >"$dir/m"
  { printf 'F%s\0' "$2"; shift 2; printf 'T%s\0' "$@"; printf '\0'; } >"$dir/e"
  "$B/queue-inject" --prefix "$dir" <"$dir/m" 1<"$dir/e" 2>>"$dir/err"
}
to() { inject "$1" ann@example.test "a@$1"; }
has() { grep -F "\"at\": \"$1\", \"event\": \"$2\"" "$r" | grep -qF "${3:-}"; }
in_tls() { grep -F '"event": "message"' "$r" | grep -F "\"a@$1\"" | grep -qF '"tls": true'; }
in_clear() { grep -F '"event": "message"' "$r" | grep -F "\"a@$1\"" | grep -qF '"tls": false'; }
arrived() { grep -F '"event": "message"' "$r" | grep -qF "a@$1"; }
waits() { for id in $(ctl queue list | grep -F "$1" | grep -oE '[0-9a-z]{20}'); do ctl queue show "$id"; done | grep -qF "$2"; }
held() { wait_for 100 waits "a@$1" "$2"; ! arrived "$1" || fail "$1 got its mail"; }

# DANE.
for n in good bad ta none unusable clear alias away out; do to $n.mail.example; done
inject expired ann@example.test a@expired.example
for n in good ta none unusable alias away; do wait_for 100 in_tls $n.mail.example; done
held bad.mail.example 4.7.5
held out.mail.example 4.7.5  # its name is an alias, signed, for a host that is not
held clear.mail.example 4.7.4
held expired.example 4.4.3
# A message may ask for less.
header="TLS-Required: No" inject optional ann@example.test a@bad.mail.example
wait_for 50 in_tls bad.mail.example

# MTA-STS.
for n in stsgood stsbad stsmx ststest stsweb stsshort; do to $n.plain.example; done
for n in stsgood ststest stsweb; do wait_for 100 in_tls $n.plain.example; done
held stsbad.plain.example 4.7.5
held stsmx.plain.example 4.7.5
held stsshort.plain.example 4.7.5
grep -q 'sts_failed.*stsweb' "$dir"/log/remote-deliver/current || fail "a web server without a good certificate was believed"

# The operator's policy; broken TLS is tried once.
for n in verify print print2 clear dane encrypt; do to $n.plain.example; done
wait_for 50 in_tls print.plain.example
wait_for 50 in_clear clear.plain.example
held verify.plain.example 4.7.5
held print2.plain.example 4.7.5
held dane.plain.example 4.7.5
held encrypt.plain.example 4.7.4
to broken.plain.example
wait_for 50 in_clear broken.plain.example
before=$(grep -cF '"at": "127.0.0.14", "event": "connect"' "$r")
wait_for 60 has 127.0.0.14 quit
inject again ann@example.test b@broken.plain.example
wait_for 50 has 127.0.0.14 message b@broken
[ "$(grep -cF '"at": "127.0.0.14", "event": "connect"' "$r")" = $((before + 1)) ] || fail "broken TLS was tried again"

# REQUIRETLS: passed on to a host that is known and takes it; else it comes back.
cat >"$dir/require.py" <<'P'
import smtplib, ssl, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s.starttls(context=c); s.login("ann@example.test", "pw")
for to in sys.argv[2:]: s.sendmail("ann@example.test", to, f"From: ann@example.test\r\nTo: {to}\r\nSubject: require\r\n\r\nx\r\n", mail_options=["REQUIRETLS"])
P
python3 "$dir/require.py" "$(port 587)" r@good.mail.example r@ta.mail.example r@none.mail.example
wait_for 50 has 127.0.0.2 message r@good
has 127.0.0.2 mail 'REQUIRETLS' || fail "REQUIRETLS was not passed on"
bounced() { ctl mailbox list ann@example.test | grep -q '^INBOX *2 '; }
wait_for 100 bounced
for n in 1 2; do ctl mailbox cat ann@example.test INBOX $n; done | tr -d '\r' >"$dir/bounces"
[ "$(grep -c '^Status: 5.7.30' "$dir/bounces")" = 2 ] || fail "no 5.7.30"
! has 127.0.0.4 message r@ta || fail "it went on without REQUIRETLS"

# Ways: by domain, by sender, by user; LMTP; source addresses; what is about our address.
inject lm ann@example.test a@lm.plain.example b@lm.plain.example
inject office ann@example.test a@office.plain.example b@sub.office.plain.example
for n in 1 2 3 4; do inject "pool $n" bulk@example.test "a$n@pool.plain.example"; done
swaks --silent 3 --server "127.0.0.1:$(port 587)" --tls -au bob@example.test -ap pw --from bob@example.test --to x@anywhere.example --body x
wait_for 50 has 127.0.0.20 message '["a@lm.plain.example", "b@lm.plain.example"]'
wait_for 50 has 127.0.0.21 message 'a@office.plain.example'
grep -F '"at": "127.0.0.21", "event": "message"' "$r" | grep -qF '["a@office.plain.example", "b@sub.office.plain.example"]' || fail "a route's mail did not go together"
pooled() { [ "$(grep -F '"event": "message"' "$r" | grep -cF '@pool.plain.example')" = 4 ]; }
wait_for 50 pooled
for a in 127.0.0.77 127.0.0.78; do has 127.0.0.13 connect "\"source\": \"$a\"" || fail "nothing came from $a"; done
has 127.0.0.13 hello out.example.test || fail "no HELO name of the route"
wait_for 50 has 127.0.0.22 message x@anywhere.example
has 127.0.0.22 auth '"ok": true, "tls": true' || fail "no login on the route"
ctl queue limit office 3 >/dev/null
to block.plain.example
logged() { grep -q "$1" "$dir"/log/remote-deliver/current; }
wait_for 50 logged 'host_failed.*127.0.0.16.*scope=address'

# Reports of what happened (RFC 8460).
cat >"$dir/report.py" <<'P'
import base64, email, gzip, json, sys
good, bad = 0, set()
for line in open(sys.argv[1]):
    e = json.loads(line)
    if e["event"] != "message" or "reports@sink.plain.example" not in e["to"]: continue
    m = email.message_from_string(e["text"])
    assert m.get_content_type() == "multipart/report" and m.get_param("report-type") == "tlsrpt", m["Content-Type"]
    assert m["TLS-Required"] == "No" and m["TLS-Report-Domain"] in m["Subject"]
    part = m.get_payload()[1]
    assert part.get_content_type() == "application/tlsrpt+gzip", part.get_content_type()
    report = json.loads(gzip.decompress(part.get_payload(decode=True)))
    assert report["date-range"]["end-datetime"] > report["date-range"]["start-datetime"] and report["contact-info"] and report["report-id"]
    for p in report["policies"]:
        assert p["policy"]["policy-domain"] == m["TLS-Report-Domain"]
        if p["policy"]["policy-type"] != "tlsa": continue
        assert p["policy"]["policy-string"][0].startswith("3 1 1 ")
        if m["TLS-Report-Domain"] == "good.mail.example": good += p["summary"]["total-successful-session-count"]
        else: bad |= {(f["result-type"], f["receiving-mx-hostname"], f["receiving-ip"]) for f in p["failure-details"]}
sys.exit(0 if good >= 1 and ("validation-failure", "h3.mail.example", "127.0.0.3") in bad else 1)
P
wait_for 300 python3 "$dir/report.py" "$r"
wait_for 50 grep -q good "$dir/web/posted"
! grep -q bad "$dir/web/posted" || fail "what was posted is no report"

# A policy that was fetched holds over a restart, also when its web server is gone.
kill $web
ctl restart >/dev/null
inject later ann@example.test b@stsbad.plain.example
wait_for 100 waits b@stsbad.plain.example 4.7.5
! has 127.0.0.9 message b@stsbad || fail "the policy was forgotten"
# One whose time has passed does not hold any more.
wait_for 300 in_tls stsshort.plain.example
