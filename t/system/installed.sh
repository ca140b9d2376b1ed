#!/bin/sh
# SPDX-License-Identifier: MIT
# The installed system: `make install` onto this machine's own directories, which are overlaid for the
# test, in namespaces of their own: real ports, a uid for each daemon, what each one owns and may see.
[ "$(id -u)" = 0 ] || { echo "left out: the installed system (needs root)"; exit 0; }
cd "$(dirname "$0")/../.."
O=${O:-out/release}
case $O in *san) echo "left out: the installed system (sanitizers cannot work setgid or under seccomp)"; exit 0 ;; esac
if [ -z "$INSTALLED" ]; then
  unshare -m -n -p -f true 2>/dev/null || { echo "left out: the installed system (no namespaces of its own, as in a bare chroot)"; exit 0; }
  work=$(mktemp -d /tmp/jdmail-installed-XXXXXX)
  INSTALLED=$work; export INSTALLED O
  status=0
  unshare -m -n -p -f --kill-child sh "$0" || status=$?
  rm -rf "$work"
  exit $status
fi
set -e
fail() { echo "FAIL: $*"; tail -n 5 /var/log/jdmail/*/current; exit 1; }
mount -t tmpfs tmpfs "$INSTALLED" || { echo "left out: the installed system (cannot mount here)"; exit 0; }
mount -t proc proc /proc
for d in usr etc var run; do
  mkdir "$INSTALLED/$d" "$INSTALLED/$d-work"
  mount -t overlay overlay -o "lowerdir=/$d,upperdir=$INSTALLED/$d,workdir=$INSTALLED/$d-work" /$d || { echo "left out: the installed system (no overlay file system here)"; exit 0; }
done
ip link set lo up
sh contrib/install.sh "$O" ""
jdctl init --domain example.test --hostname mail.example.test --yes
for a in ann bob; do echo pw | jdctl user add $a@example.test --password-stdin; done
jdctl start
jdctl status

# Each under its own user, with one group, no capabilities, no way to new privileges, out of the others' reach.
expect() {  # expect PROGRAM USER: every process of it but the masters, which bind the ports
  for p in $(pgrep -x "$1"); do
    user=$(stat -c %U "/proc/$p")
    case $1/$user in smtpd/root | frontd/root | sessiond/root) continue ;; esac
    user=$(ps -o user= -p "$p")
    [ "$user" = "$2" ] || [ "$1/$user" = indexd/jddoc ] || fail "$1 runs as $user, not $2"
    grep -q '^CapEff:[[:space:]]*0000000000000000' "/proc/$p/status" || fail "$1 has capabilities"
    grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$p/status" || fail "$1 may gain privileges"
    grep -q '^Seccomp:[[:space:]]*2' "/proc/$p/status" || fail "$1 has no seccomp filter"
    seen=$((seen + 1))
  done
}
seen=0
expect smtpd jdnet; expect frontd jdnet; expect remote-deliver jdnet
expect queue-inject jdqueue; expect qrun jdqueue
expect local-deliver jdmail; expect indexd jdmail; expect directoryd jddir
[ -n "$(pgrep -u jddoc -x indexd)" ] || fail "there is no reader of documents with a user of its own"
[ $seen -ge 8 ] || fail "only $seen processes found"
for p in smtpd frontd remote-deliver; do
  for n in $(pgrep -u jdnet -x $p); do [ "$(readlink "/proc/$n/root")" = /run/jdmail ] || fail "$p is not in its chroot"; done
done

# Mail in from outside, out of IMAP by TLS on the real ports, and an own program's mail.
python3 - <<'P'
import imaplib, poplib, smtplib, ssl, time
smtplib.SMTP("127.0.0.1", 25).sendmail("out@elsewhere.test", ["ann@example.test"], "Subject: from outside\r\n\r\nhello\r\n")
tls = ssl._create_unverified_context()
s = smtplib.SMTP("127.0.0.1", 587); s.starttls(context=tls); s.login("bob@example.test", "pw")
s.sendmail("bob@example.test", ["ann@example.test"], "Subject: from bob\r\n\r\nhello\r\n")
for _ in range(100):
    m = imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=tls); m.login("ann@example.test", "pw")
    if m.select("INBOX")[1][0] == b"2": break
    time.sleep(0.1)
assert m.select("INBOX")[1][0] == b"2"
assert m.append("INBOX", None, None, b"Subject: own\r\n\r\nx\r\n")[0] == "OK"
assert m.create("Box")[0] == "OK" and m.copy("1", "Box")[0] == "OK" and m.store("1", "+FLAGS", "\\Deleted")[0] == "OK" and m.expunge()[0] == "OK"
p = poplib.POP3_SSL("127.0.0.1", 995, context=tls); p.user("ann@example.test"); p.pass_("pw")
assert p.stat()[0] == 2
P
printf 'Fann@example.test\0Tbob@example.test\0\0' >"$INSTALLED/envelope"
chmod 711 "$INSTALLED"; chmod 644 "$INSTALLED/envelope"
by_nobody() { printf 'Subject: %s\n\nx\n' "$1" | setpriv --reuid nobody --regid nogroup --clear-groups /usr/libexec/jdmail/queue-inject 1<"$INSTALLED/envelope"; }
by_nobody "by a program" || fail "any program may send mail"
! setpriv --reuid nobody --regid nogroup --clear-groups /usr/libexec/jdmail/queue-inject --prefix /tmp </dev/null 1<"$INSTALLED/envelope" || fail "setgid and led to another place"
mkdir -p "$INSTALLED/lure/etc"; cp /etc/jdmail/jdmail.toml "$INSTALLED/lure/etc"; chown -R nobody "$INSTALLED/lure"
! timeout 5 setpriv --reuid nobody --regid nogroup --clear-groups /usr/libexec/jdmail/queue-inject --service --prefix "$INSTALLED/lure" </dev/null 1<"$INSTALLED/envelope"
[ ! -e "$INSTALLED/lure/queue" ] || fail "setgid and serving for anybody"
jdctl alias add team@example.test ann@example.test bob@example.test
jdctl mailbox export ann@example.test --format maildir "$INSTALLED/out"
jdctl mailbox import bob@example.test "$INSTALLED/out"
jdctl mailbox check ann@example.test && jdctl mailbox check bob@example.test
jdctl reload; jdctl queue list; jdctl config check

# Nothing below the data directories is anybody else's, nothing there can be read by others.
for own in queue:jdqueue mail:jdmail directory:jddir; do
  wrong=$(find "/var/lib/jdmail/${own%:*}" ! -user "${own#*:}" | head -3)
  [ -z "$wrong" ] || fail "not ${own#*:}'s: $wrong"
done
for d in queue mail directory; do
  ! setpriv --reuid nobody --regid nogroup --clear-groups ls "/var/lib/jdmail/$d" >/dev/null 2>&1 || fail "anybody can read $d"
  ! setpriv --reuid jdnet --regid jdnet --clear-groups ls "/var/lib/jdmail/$d" >/dev/null 2>&1 || fail "jdnet can read $d"
done
! setpriv --reuid jdmail --regid jdmail --clear-groups cat /etc/jdmail/tls/key.pem >/dev/null 2>&1 || fail "jdmail can read the TLS key"
man -w jdctl >/dev/null 2>&1 || [ -e /usr/share/man/man8/jdctl.8 ] || fail "no man page"
jdctl stop
! pgrep -u jdnet,jdqueue,jdmail,jddir || fail "still there after stop"
by_nobody "while all is down" || fail "not taken while the daemons are down"
jdctl start
python3 -c 'import smtplib; smtplib.SMTP("127.0.0.1", 25).noop()'
for n in $(seq 100); do [ "$(jdctl mailbox list bob@example.test | awk '$1 == "INBOX" {print $2}')" = 4 ] && break; sleep 0.1; done
for text in "by a program" "while all is down"; do
  grep -rqa "Subject: $text" /var/lib/jdmail/mail/example.test/bob || fail "'$text' has not come"
done
jdctl stop
