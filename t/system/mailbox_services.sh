#!/bin/sh
# SPDX-License-Identifier: MIT
# jdctl mailbox stat, create, delete, rename, copy, undelete: on accounts that are in use, with what
# each does shown by IMAP, and nothing changed by --dry-run.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: services of a mailbox (no python3)"; exit 0; }
instance >/dev/null
m() { ctl mailbox "$@"; }
json() { m "$@" --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$expr"; }
imap() { printf "$1" | "$B/imapd" --prefix "$dir" --user ann@example.test; }
has() { printf '%s\n' "$2" | grep -Fq -e "$1" || fail "no '$1' in: $2"; }
refused() {  # refused STATUS TEXT command...
  want=$1 text=$2 status=0; shift 2
  "$@" >"$dir/out" 2>"$dir/err" || status=$?
  [ $status = "$want" ] && grep -Fq -e "$text" "$dir/err" || fail "$*: status $status, $(cat "$dir/out" "$dir/err")"
}
mkdir -p "$dir/md/cur" "$dir/md/new" "$dir/md/tmp"
printf 'From: =?UTF-8?B?546L5bCP5piO?= <wang@example.net>\nSubject: =?UTF-8?B?5ZCI5ZCM6I2J5qGI?=\n\nx\n' >"$dir/md/cur/1.a:2,S"
printf 'From: Li <li@example.net>\nSubject: invoice\n\ny\n' >"$dir/md/cur/2.b:2,"
printf 'From: Li <li@example.net>\nSubject: third\n\nz\n' >"$dir/md/cur/3.c:2,F"
m import ann@example.test "$dir/md" >/dev/null

# --- folders
m create ann@example.test 项目/一 >"$dir/out"
has "项目/一" "$(m list ann@example.test)"
refused 100 "exists" m create ann@example.test 项目/一
refused 100 "no special use" m create ann@example.test x --special inbox
refused 100 "Sent is the folder for sent" m create ann@example.test x --special sent
refused 100 "no mailbox yet" m delete bob@example.test x
refused 100 "no account" m create nobody@example.test x
has '&mHl27g-/&TgA-' "$(imap 'a LSUB "" *\r\nb LOGOUT\r\n')"
m rename ann@example.test 项目 Projects >/dev/null
has "Projects/一" "$(m list ann@example.test)"
refused 100 "no folder" m rename ann@example.test 项目 x

# --- copies: within the account as references, into another one with flags and dates; once
m copy ann@example.test INBOX Projects/一 --uids 1,3 --dry-run | grep -q 'would copy 2 messages' || fail "dry copy"
expr="[f['messages'] for f in d if f['folder'] == 'Projects/一'][0]"
[ "$(json list ann@example.test)" = 0 ] || fail "--dry-run copied"
m copy ann@example.test INBOX Projects/一 --uids 1,3 >/dev/null
[ "$(json list ann@example.test)" = 2 ] || fail "no copy"
for n in 1 2; do m copy ann@example.test INBOX --to bob@example.test --json >"$dir/copy$n"; done
grep -q '"messages": 3' "$dir/copy1" && grep -q '"present": 3' "$dir/copy2" || fail "$(cat "$dir"/copy?)"
has '\Flagged' "$(printf 'a SELECT INBOX\r\nb FETCH 3 FLAGS\r\nc LOGOUT\r\n' | "$B/imapd" --prefix "$dir" --user bob@example.test)"
refused 100 "copy to where" m copy ann@example.test INBOX
refused 100 "no list of UIDs" m copy ann@example.test INBOX x --uids 1-5

# --- sizes
expr="(d['messages'], d['live_messages'], d['disk_bytes'] > d['live_bytes'] > 0, len(d['folders']))"
[ "$(json stat ann@example.test)" = "(5, 3, True, 8)" ] || fail "stat: $(json stat ann@example.test)"

# --- messages that were deleted come back where they were, or elsewhere
imap 'a SELECT INBOX\r\nb STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\nc EXPUNGE\r\nd SELECT Projects/&TgA-\r\ne STORE 1 +FLAGS.SILENT (\\Deleted)\r\nf EXPUNGE\r\ng LOGOUT\r\n' >/dev/null
has "王小明 <wang@example.net>  合同草案" "$(m undelete ann@example.test --list)"
has "invoice" "$(m undelete ann@example.test --list --from LI)"
expr="(d['count'], [x['subject'] for x in d['messages']])"
[ "$(json undelete ann@example.test --list --subject 合同)" = "(1, ['合同草案'])" ] || fail "list: $(json undelete ann@example.test --list)"
[ "$(json undelete ann@example.test --list --since 2020-01-01 --folder inbox)" = "(1, ['invoice'])" ] || fail "the copy was deleted last, in the other folder"
refused 100 "undelete what" m undelete ann@example.test
refused 100 "is no time" m undelete ann@example.test --since yesterday
has "would bring back 1 message" "$(m undelete ann@example.test --subject invoice --dry-run)"
has "brought back 1 message" "$(m undelete ann@example.test --subject invoice)"
has "brought back 0 messages" "$(m undelete ann@example.test --subject invoice)"
expr="d['messages'][0]['id']"
id=$(json undelete ann@example.test --list)
has "brought back 1 message into Found" "$(m undelete ann@example.test --id "$id" --to Found)"
expr="sorted((f['folder'], f['messages']) for f in d if f['messages'])"
[ "$(json list ann@example.test)" = "[('Found', 1), ('INBOX', 2), ('Projects/一', 1)]" ] || fail "$(json list ann@example.test)"

# --- a whole folder: with its UIDs, under its name or another
validity() { imap "a STATUS Projects/&TgA- (UIDVALIDITY UIDNEXT MESSAGES)\r\nb LOGOUT\r\n" | grep STATUS; }
before=$(validity)
refused 100 "--recursive" m delete ann@example.test Projects
refused 100 "cannot be deleted" m delete ann@example.test inbox
has "would delete 2 folders with 1 message" "$(m delete ann@example.test Projects --recursive --dry-run)"
m delete ann@example.test Projects --recursive >"$dir/out"
! m list ann@example.test | grep -q Projects || fail "not deleted"
has "Projects/一" "$(m undelete ann@example.test --list)"
has "folder Projects/一 is back with 1 message" "$(m undelete ann@example.test --folder Projects/一)"
[ "$before" = "$(validity)" ] || fail "other numbers: $before, $(validity)"
imap 'a DELETE Found\r\nb CREATE Found\r\nc LOGOUT\r\n' >/dev/null
has "brought back 1 message" "$(m undelete ann@example.test --folder Found)"
m check ann@example.test >/dev/null

# --- the setting: what was deleted before is not promised any more
grep -q '^undelete_days = 14' "$dir/etc/jdmail.toml" || fail "the setting is not in the file"
sed -i 's/^undelete_days = 14/undelete_days = x/' "$dir/etc/jdmail.toml"
refused 100 "jdmail.toml" m undelete ann@example.test --list
sed -i 's/^undelete_days = x/undelete_days = 9/' "$dir/etc/jdmail.toml"

# --- as root in an installed system: no file of root's
if [ "$(id -u)" = 0 ]; then
  ctl stop >/dev/null
  chmod 755 "$dir"
  chown -R nobody "$dir/mail"
  m create ann@example.test "A new one" >/dev/null
  m copy ann@example.test INBOX "Another" >/dev/null
  m copy ann@example.test INBOX New --to bob@example.test >/dev/null
  m delete ann@example.test Another >/dev/null
  m undelete ann@example.test --folder Another >/dev/null
  m stat ann@example.test >/dev/null
  [ -z "$(find "$dir/mail" ! -user nobody)" ] || fail "files of root's in the mailbox: $(find "$dir/mail" ! -user nobody)"
else
  echo "left out: services of a mailbox as root (this is an ordinary user)"
fi
