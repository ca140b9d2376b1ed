#!/bin/sh
# SPDX-License-Identifier: MIT
# sendmail as real programs use it: cron, PHP, git send-email, mutt, mailx, an MUA that speaks -bs; with the
# daemons up and down; exit codes; what becomes of headers.
. "$(dirname "$0")/lib.sh"
instance
export JDMAIL_PREFIX="$dir" HOME="$dir/home" EMAIL=ann@example.test
mkdir "$HOME"
ln -s "$PWD/$B/sendmail" "$dir/mailq"; ln -s "$PWD/$B/sendmail" "$dir/newaliases"
s=$PWD/$B/sendmail
ctl alias add root@example.test bob@example.test
ctl alias add "$(id -un)@example.test" bob@example.test 2>/dev/null || true
count() { ctl mailbox list "$1@example.test" 2>/dev/null | awk '$1 == "INBOX" {print $2}'; }
has() { [ "$(count "$1")" = "$2" ]; }
mails=0
arrives() { mails=$((mails + 1)); wait_for 100 has bob $mails; ctl mailbox cat bob@example.test INBOX $mails >"$dir/m"; }
told() { grep -q "$@" "$dir/m" || { cat "$dir/m"; fail "not there: $*"; }; }
code() { want=$1; shift; got=0; "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?; [ $got = "$want" ] || { cat "$dir/err"; fail "exit $got, not $want: $*"; }; }

printf 'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> x\n\noutput\n.\nmore\n' | "$s" -FCronDaemon -i -odi -oem -oi -t
arrives; told '^From: Cron Daemon <root@example.test>'; told '^Message-ID: <.*@mail.example.test>'; told '^Date: '; told '^\.'; told '^more'
printf 'Subject: dot\n\nbefore\n.\nafter\n' | "$s" -F 'Änn Ex' -f ann@example.test bob
arrives; told '^Return-Path: <ann@example.test>'; told '^From: =?utf-8?'; told before; ! grep after "$dir/m" || fail "text behind the dot"
printf 'To: bob@example.test\nBcc: ann@example.test\nSubject: blind\n\nx\n' | "$s" -t
arrives; ! grep -qi bcc "$dir/m" || fail "Bcc is shown"; wait_for 50 has ann 1
printf 'just text' | "$s" -v bob@example.test | grep -q '^queued as '
arrives; told '^just text'
yes 'a line of a large message' | head -n 60000 | { printf 'Subject: large\n\n'; cat; } | "$s" bob
arrives; [ "$(wc -l <"$dir/m")" -gt 60000 ] || fail "the large message is cut"
printf 'EHLO x\r\nMAIL FROM:<ann@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: by -bs\r\n\r\n..dot\r\n.\r\nQUIT\r\n' | "$s" -bs >"$dir/out"
arrives; told '^Subject: by -bs'; told '^\.dot'; grep -q '^221' "$dir/out" || fail "no goodbye"
left_out() { echo "left out: $1 is not installed"; }
if command -v php >/dev/null; then
  php -d "sendmail_path=$s -t -i" -r 'exit(mail("bob@example.test", "by php", "hello\n", "From: ann@example.test\r\nBcc: ann@example.test") ? 0 : 1);'
  arrives; told '^Subject: by php'; wait_for 50 has ann 2
else left_out php; fi
if command -v mail >/dev/null; then
  echo hello | mail -S sendmail="$s" -s "by mailx" -r ann@example.test bob@example.test 2>/dev/null || echo "set sendmail=$s" >"$HOME/.mailrc"
  [ ! -e "$HOME/.mailrc" ] || echo hello | mail -s "by mailx" bob@example.test
  arrives; told '^Subject: by mailx'
else left_out mailx; fi
if command -v mutt >/dev/null; then
  printf 'set sendmail="%s -oem -oi"\nset from=ann@example.test\nset copy=no\nset use_envelope_from=yes\n' "$s" >"$dir/muttrc"
  echo hello | mutt -F "$dir/muttrc" -s "by mutt" -- bob@example.test
  arrives; told '^Subject: by mutt'; told '^Return-Path: <ann@example.test>'
else left_out mutt; fi
if git send-email --help >/dev/null 2>&1 && [ -x "$(git --exec-path)/git-send-email" ]; then
  git init -q "$dir/repo"; ( cd "$dir/repo"; git config user.name Ann; git config user.email ann@example.test
    echo x >f; git add f; git commit -qm 'A change'; git format-patch -q --root -o "$dir/patches" )
  git send-email --quiet --confirm=never --to bob@example.test --from ann@example.test --smtp-server "$s" --envelope-sender ann@example.test "$dir"/patches/*.patch
  arrives; told '^Subject: \[PATCH\] A change'
  git send-email --quiet --confirm=never --to bob@example.test --from ann@example.test --sendmail-cmd "$s -i -t" --suppress-cc=all "$dir"/patches/*.patch
  arrives
else left_out git-email; fi

code 64 "$s"; grep -q 'to whom' "$dir/err" || fail "no remedy"
code 64 "$s" -bd; code 64 "$s" --nonsense; code 65 "$s" -t; code 64 "$s" -f 'a@b, c@d' bob
code 0 "$dir/newaliases"; code 0 "$dir/mailq"; grep -q 'queue is empty' "$dir/out" || fail "mailq"
code 78 "$s" --prefix /nonexistent bob
# VERP, reports and ids reach the envelope.
ctl domain add held.test && echo pw | ctl user add full@held.test --quota 1 --password-stdin
printf 'Subject: x\n\n' | "$s" -XV -N success,failure -R hdrs -V an-id full@held.test
wait_for 50 sh -c "'$dir/mailq' | grep -q full@held.test"
ctl queue show "$(ctl queue list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["qid"])')" >"$dir/m"
told '^verp: *1'; told '^notify: *success,failure'; told '^ret: *hdrs'; told '^envid: *an-id'
ctl queue delete --all >/dev/null
# With everything down it is kept, with all that was said.
ctl stop >/dev/null
printf 'Subject: meanwhile\n\nx\n' | "$s" -N never -XV bob
code 75 "$dir/mailq"
ctl start >/dev/null
arrives; told '^Subject: meanwhile'
