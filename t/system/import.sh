#!/bin/sh
# SPDX-License-Identifier: MIT
# Mailboxes in and out as Maildir and mbox: UIDs, flags, dates and bytes are kept, nothing comes in
# twice, not even after kill -9; with a real Dovecot on both ends where there is one.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: mailbox import and export (no python3)"; exit 0; }
tool="python3 t/system/mailbox_tool.py"
ctl init --domain example.test --port-base "$base" --yes >/dev/null
for a in ann bob cai dan eve fay; do echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null; done
ours() { echo "$B/imapd --prefix $dir --user $1@example.test"; }
count() { ctl mailbox list "$1@example.test" --json | python3 -c "import json, sys; print(sum(f['messages'] for f in json.load(sys.stdin)))"; }

# --- our own formats: out and in again
$tool fill "$(ours ann)"
ctl mailbox export ann@example.test "$dir/md" >"$dir/out"
ctl mailbox import bob@example.test "$dir/md" >"$dir/out"
$tool compare "$(ours ann)" "$(ours bob)"
ctl mailbox export ann@example.test --format mbox "$dir/mb"
ctl mailbox import cai@example.test "$dir/mb"
$tool compare "$(ours ann)" "$(ours cai)"
ctl mailbox export cai@example.test --format mbox "$dir/mb2" >/dev/null
diff -r -I 'FOLDER INTERNAL DATA' -I '^From MAILER' -I X-IMAP -I X-Jdmail "$dir/mb/Work" "$dir/mb2/Work" || fail "the second mbox differs"

# --- again: nothing twice
for d in md mb; do
  ctl mailbox import bob@example.test "$dir/$d" --json >"$dir/json"
  grep -q '"messages": 0,' "$dir/json" && [ "$(count bob)" = "$(count ann)" ] || fail "$d came in twice"
done
$tool compare "$(ours ann)" "$(ours bob)"

# --- a message that was missing the first time gets a new UID, the others keep theirs
ctl mailbox export ann@example.test --folder INBOX "$dir/full.mbox" >/dev/null
python3 - "$dir/full.mbox" "$dir/part.mbox" <<'P'
import sys
parts = open(sys.argv[1], "rb").read().split(b"\nFrom MAILER-DAEMON")
part = b"\nFrom MAILER-DAEMON".join(parts[:2] + parts[3:8])  # the last UID of these is 10
open(sys.argv[2], "wb").write(part.replace(b" 0000000014", b" 0000000010", 1) + b"\n")
P
echo pw | ctl user add ian@example.test --password-stdin >/dev/null
ctl mailbox import ian@example.test "$dir/part.mbox" >/dev/null
ctl mailbox import ian@example.test "$dir/full.mbox" >"$dir/out"
grep -Eq '^INBOX +4 +7 +1 with new UIDs' "$dir/out" && [ "$(count ian)" = 11 ] || fail "$(cat "$dir/out")"

# --- one folder, through pipes
ctl mailbox export ann@example.test --folder Work/Deep - >"$dir/deep"
ctl mailbox import dan@example.test --folder Work/Deep - <"$dir/deep" >/dev/null
ctl mailbox export dan@example.test --folder Work/Deep "$dir/deep.mbox" >/dev/null
cmp "$dir/deep" "$dir/deep.mbox"
! ctl mailbox export dan@example.test --folder Work/Deep "$dir/deep.mbox" 2>"$dir/err" || fail "an export wrote over a file"
grep -q 'exists' "$dir/err"

# --- Courier's Maildir
$tool maildir "$dir/courier"
ctl mailbox import eve@example.test "$dir/courier"
ctl mailbox list eve@example.test --json | tr -d ' \n' | grep -q '"folder":"INBOX","messages":10,.*"uidvalidity":1234567890,"uidnext":32}.*Drafts' || fail "Courier's UIDs were not kept"
ctl mailbox list eve@example.test | grep -q 'Sent/日本語 *1' || fail "the folder below Sent is not there"

# --- what POP3 called them: kept, told, exported and taken in again
uidls() { printf 'UIDL\r\nQUIT\r\n' | "$@" | tr -d '\r' | sed -n 's/^\([0-9][0-9]*\) /\1 /p'; }
pop() { echo "$B/pop3d --prefix $dir --user $1@example.test"; }
for a in p1 p2 p3 p4; do echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null; done
mkdir -p "$dir/names/cur" "$dir/names/new"
for n in 1 2 3 4 5; do printf 'Subject: %s\nX-UIDL: head%s\n\nx\n' "$n" "$n" >"$dir/names/cur/100$n.M$n.host:2,S"; done
cat >"$dir/names/dovecot-uidlist" <<L
3 V77 N9 G0123
2 PGmailId10 W30 :1001.M1.host
3 W30 Pother~name :1002.M2.host
5 Pother~name :1003.M3.host
7 :1004.M4.host
L
ctl mailbox import p1@example.test "$dir/names" >"$dir/out"
grep -q '2 with their POP3 names; 1 POP3 names left out' "$dir/out" || fail "$(cat "$dir/out")"
[ "$(uidls $(pop p1))" = "1 GmailId10
2 other~name
3 77.5
4 77.7
5 77.9" ] || fail "$(uidls $(pop p1))"
# Again, with what that server did for the others: they get names, and nobody gets another.
ctl mailbox import p1@example.test --uidl '%08Xu%08Xv' "$dir/names" --json | grep -q '"uidls": 3' || fail "no names the second time"
[ "$(uidls $(pop p1))" = "1 GmailId10
2 other~name
3 77.5
4 000000070000004d
5 77.9" ] || fail "$(uidls $(pop p1))"
ctl mailbox export p1@example.test "$dir/names2" >/dev/null
ctl mailbox import p2@example.test "$dir/names2" >/dev/null
ctl mailbox export p1@example.test --folder INBOX "$dir/names2.mbox" >/dev/null
ctl mailbox import p3@example.test "$dir/names2.mbox" >/dev/null
for a in p2 p3; do [ "$(uidls $(pop $a))" = "$(uidls $(pop p1))" ] || fail "$a: $(uidls $(pop $a))"; done
! grep -q GmailId "$dir/mail/example.test/p3"/seg/* || fail "the name came into the message"
rm "$dir/names/dovecot-uidlist"
printf '/2 9 88\n1001.M1.host:2,S 30 4:88\n1002.M2.host 30 0:0\n1003.M3.host 30 6:0:1\nbad\n' >"$dir/names/courierpop3dsizelist"
ctl mailbox import p4@example.test "$dir/names" --uidl header >/dev/null
[ "$(uidls $(pop p4) | tr '\n' ' ')" = "1 UID4-88 2 1002.M2.host 3 UID6 4 head4 5 head5 " ] || fail "Courier: $(uidls $(pop p4))"
rm "$dir/names/courierpop3dsizelist"
echo pw | ctl user add p5@example.test --password-stdin >/dev/null
ctl mailbox import p5@example.test "$dir/names" --uidl file >/dev/null
uidls $(pop p5) | grep -q '^4 1004.M4.host$' || fail "names of files: $(uidls $(pop p5))"
! ctl mailbox import p5@example.test "$dir/names" --uidl '%u %u' 2>"$dir/err" || fail "a form with a blank was taken"
grep -q 'none of list, header' "$dir/err" || fail "$(cat "$dir/err")"
ctl mailbox check p5@example.test >/dev/null
printf x >>"$dir/mail/example.test/p5/uidl"
! ctl mailbox check p5@example.test >"$dir/out" || fail "a damaged file of names was not found"
grep -q 'uidl: .* is damaged' "$dir/out" || fail "$(cat "$dir/out")"
printf 'UIDL\r\nQUIT\r\n' | $(pop p5) 2>/dev/null | grep -q 'ERR \[SYS/PERM\]' || fail "names of a damaged file"
ctl mailbox check --repair p5@example.test >/dev/null || true
[ "$(uidls $(pop p5) | wc -l)" = 5 ] && ctl mailbox check p5@example.test >/dev/null || fail "not repaired"

# --- killed at any time, begun anew: each message as often as the source has it
messages=60000
$tool mbox "$dir/many" $messages
expect=$(( $(count dan) + messages ))
for n in 1 2 3 4; do
  "$B/jdctl" --prefix "$dir" mailbox import dan@example.test "$dir/many" >/dev/null 2>&1 9>&- &
  pid=$!
  wait_for 300 sh -c "[ \$('$B/jdctl' --prefix '$dir' mailbox list dan@example.test | awk '\$1 == \"INBOX\" {print \$2}') -gt $((n * 8000)) ]"
  if [ "$n" = 1 ]; then
    ! ctl mailbox import dan@example.test "$dir/deep" 2>"$dir/err" || fail "two imports at once"
    grep -q 'another import' "$dir/err" || fail "$(cat "$dir/err")"
  fi
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  [ "$(count dan)" -lt "$expect" ] || fail "the import was over before it was killed"
done
ctl mailbox import dan@example.test "$dir/many" >"$dir/out"
grep -Eq "^INBOX +[1-9][0-9]* +[1-9]" "$dir/out" || fail "nothing was there already: $(cat "$dir/out")"
[ "$(count dan)" = "$expect" ] || fail "$(count dan) messages instead of $expect"
ctl mailbox check dan@example.test

# --- what is broken is left out, and said
mkdir -p "$dir/bad/cur" "$dir/bad/new"
printf 'Subject: good\n\nx\n' >"$dir/bad/cur/1.a:2,S"
: >"$dir/bad/cur/2.empty:2,"
ln -s "$dir/etc/jdmail.toml" "$dir/bad/cur/3.link:2,"
status=0; ctl mailbox import fay@example.test "$dir/bad" >"$dir/out" 2>"$dir/err" || status=$?
[ $status = 1 ] && [ "$(count fay)" = 1 ] || fail "status $status"
grep -q '2.empty.*is empty' "$dir/err" && grep -q '3.link.*symbolic link' "$dir/err" || fail "the reasons are not told"
status=0; ctl mailbox import fay@example.test "$dir/etc/jdmail.toml" 2>"$dir/err" || status=$?
[ $status = 100 ] && grep -q 'not an mbox' "$dir/err" || fail "a file that is no mbox: $status"
status=0; ctl mailbox import nobody@example.test "$dir/bad" 2>"$dir/err" || status=$?
[ $status = 100 ] && grep -q 'no account' "$dir/err" || fail "an account that is not there: $status"

# --- an open session sees what is imported
python3 - "$(ours fay)" "$B/jdctl" "$dir" <<'P'
import imaplib, subprocess, sys
c = imaplib.IMAP4_stream(sys.argv[1])
assert c.select("INBOX")[1] == [b"1"]
subprocess.run([sys.argv[2], "--prefix", sys.argv[3], "mailbox", "import", "fay@example.test", sys.argv[3] + "/deep"], check=True, stdout=subprocess.DEVNULL)
c.noop()
assert int(c.response("EXISTS")[1][-1]) > 1
P

# --- as root: the mailbox stays its owner's, a source that only root may read is read
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$dir"
  chown -R nobody "$dir/mail"
  chmod 700 "$dir/md"
  ctl mailbox import fay@example.test "$dir/md" >/dev/null
  ctl mailbox export fay@example.test "$dir/fay" >/dev/null
  [ -z "$(find "$dir/mail" ! -user nobody)" ] || fail "files of root's in the mailbox"
  [ -z "$(find "$dir/fay" ! -user root)" ] || fail "the export is not the operator's"
else
  echo "left out: import as root (this is an ordinary user)"
fi

# --- a real Dovecot: its Maildir into ours, and ours into its
imap=/usr/lib/dovecot/imap
[ -x $imap ] || { echo "left out: Dovecot on both ends of an import (not installed)"; exit 0; }
far=$(mktemp -d "$dir-dovecot-XXXXXX")
at_end() { rm -rf "$far"; }
as=; [ "$(id -u)" != 0 ] || { as="setpriv --reuid nobody --regid nogroup --clear-groups"; chown nobody "$far"; }
cat >"$far/conf" <<C
mail_location = maildir:%h/mail
log_path = $far/log
namespace inbox {
  inbox = yes
}
C
cat >"$far/imap" <<C
#!/bin/sh
home=$far/\$1; shift
exec $as env HOME=\$home USER=nobody $imap -c $far/conf "\$@"
C
touch "$far/log"; chmod 666 "$far/log"; chmod 755 "$far" "$far/imap"
dovecot() { echo "$far/imap $1"; }
mkdir "$far/a" "$far/b"; [ -z "$as" ] || chown nobody "$far/a" "$far/b"
$tool fill "$(dovecot a)" || { cat "$far/log"; fail "Dovecot"; }
echo pw | ctl user add gus@example.test --password-stdin >/dev/null
[ -z "$as" ] || chown -R root "$dir/mail"
ctl mailbox import gus@example.test "$far/a/mail"
$tool compare "$(dovecot a)" "$(ours gus)" || fail "what Dovecot had is not what we have"
ctl mailbox export gus@example.test "$far/b/mail"
[ -z "$as" ] || chown -R nobody "$far/b"
$tool compare "$(ours gus)" "$(dovecot b)" || { cat "$far/log"; fail "what we have is not what Dovecot shows"; }
# Its POP3 names, in each of the ways in which it may make them.
if [ -x /usr/lib/dovecot/pop3 ]; then
  sed 's|^imap=.*||; s|/usr/lib/dovecot/imap|/usr/lib/dovecot/pop3|' "$far/imap" >"$far/pop3"; chmod 755 "$far/pop3"
  same_names() {  # same_names ADDRESS SETTINGS -- HOW
    a=$1; shift; settings=
    while [ "$1" != -- ]; do settings="$settings -o $1"; shift; done; shift
    theirs=$(uidls "$far/pop3" a $settings)
    [ "$(echo "$theirs" | wc -l)" -gt 5 ] || { cat "$far/log"; fail "Dovecot's POP3: $theirs"; }
    echo pw | ctl user add "$a@example.test" --password-stdin >/dev/null
    [ -z "$as" ] || chown -R root "$dir/mail"
    ctl mailbox import "$a@example.test" "$far/a/mail" "$@" >/dev/null
    [ "$(uidls $(pop "$a"))" = "$theirs" ] || fail "$a: Dovecot's names are
$theirs
and ours
$(uidls $(pop "$a"))"
  }
  same_names d1 -- --uidl %08Xu%08Xv
  same_names d2 pop3_uidl_format=%f -- --uidl file
  same_names d3 pop3_uidl_format=%u-%v -- --uidl %u-%v
  same_names d4 pop3_uidl_format=x%g pop3_save_uidl=yes -- --uidl list
  grep -q ' P' "$far/a/mail/dovecot-uidlist" || fail "Dovecot did not save its names"
  # The other way: the configuration says it, for mail that comes later, too.
  sed -i 's|^pop3_uidl = .*|pop3_uidl = "%08Xu%08Xv"|' "$dir/etc/jdmail.toml"
  [ "$(uidls $(pop gus))" = "$(uidls $(pop d1))" ] || fail "access.pop3_uidl: $(uidls $(pop gus))"
  # And back to it.
  mkdir "$far/e"
  ctl mailbox export d4@example.test "$far/e/mail" >/dev/null
  [ -z "$as" ] || chown -R nobody "$far/e"
  [ "$(uidls "$far/pop3" e -o pop3_save_uidl=yes)" = "$(uidls $(pop d4))" ] || fail "Dovecot shows other names than we did: $(uidls "$far/pop3" e -o pop3_save_uidl=yes)"
else
  echo "left out: POP3 names of a real Dovecot (no dovecot-pop3d)"
fi
# Its mbox: Dovecot shows the same but for our marker; what it wrote comes in.
mkdir "$far/c" "$far/d"
ctl mailbox export ann@example.test --folder INBOX "$far/c/inbox.mbox" >/dev/null
[ -z "$as" ] || chown -R nobody "$far/c" "$far/d"
mbox() { echo "$far/imap $1 -o mail_location=mbox:$far/$1/mail:INBOX=$far/$1/inbox.mbox"; }
$tool inbox --no-bytes "$(ours ann)" "$(mbox c)"
$tool fill --inbox "$(mbox d)"
echo pw | ctl user add hal@example.test --password-stdin >/dev/null
ctl mailbox import hal@example.test "$far/d/inbox.mbox"
$tool inbox "$(mbox d)" "$(ours hal)"
! grep -E 'Error|Warning|Panic' "$far/log" || fail "Dovecot complains"
