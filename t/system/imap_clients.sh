# SPDX-License-Identifier: MIT
# Real clients against imapd on a pipe: Python's imaplib, and mbsync both ways.
set -e
O=${O:-out/release}
here=$(pwd) dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
imapd="$here/$O/bin/imapd --prefix $dir/jd --user ann@example.test"
if command -v python3 >/dev/null; then
  python3 - "$imapd" <<'P'
import imaplib, sys
m = imaplib.IMAP4_stream(sys.argv[1])
mail = b"From: Ann <ann@example.test>\r\nSubject: =?utf-8?q?h=C3=A9?=\r\n\r\nhello\r\n"
for i in range(20):
    assert m.append("INBOX", r"(\Seen)" if i % 2 else None, imaplib.Time2Internaldate(1e9 + i), mail)[0] == "OK"
assert m.select("INBOX")[1] == [b"20"]
assert len(m.search(None, "UNSEEN")[1][0].split()) == 10
m.literal = "HÉ".encode()
assert len(m.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")[1][0].split()) == 20
assert m.fetch("5", "(RFC822)")[1][0][1] == mail
assert m.create("Ordner/&APw-")[0] == "OK"
assert m.copy("1:10", "Ordner/&APw-")[0] == "OK"
m.store("1:10", "+FLAGS", r"(\Deleted)")
assert len(m.expunge()[1]) == 10
assert m.uid("MOVE", "11:12", "Trash")[0] == "OK"
assert m.status("INBOX", "(MESSAGES)")[1] == [b"INBOX (MESSAGES 8)"]
assert m.select("Nowhere")[0] == "NO"
assert m.logout()[0] == "BYE"
P
else
  echo "left out: imaplib (no python3)"
fi
command -v mbsync >/dev/null || { echo "left out: mbsync"; exit 0; }
mkdir "$dir/mail"
cat >"$dir/rc" <<C
IMAPAccount j
Tunnel "$imapd"

IMAPStore far
Account j

MaildirStore near
Path $dir/mail/
Inbox $dir/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
C
mbsync -q -c "$dir/rc" -a
printf 'Subject: from here\n\nbody\n' >"$dir/mail/Drafts/new/1.x.y"
mbsync -q -c "$dir/rc" -a
printf 'a STATUS Drafts (MESSAGES)\r\nb LOGOUT\r\n' | $imapd | grep -q 'STATUS Drafts (MESSAGES 1)'
