#!/bin/sh
# SPDX-License-Identifier: MIT
# offlineimap keeps Maildirs and the server the same, both ways: after each run both have the same folders
# (Chinese names, too), messages byte by byte, and flags; whatever was changed, made and deleted at either end.
. "$(dirname "$0")/lib.sh"
command -v offlineimap >/dev/null || { echo "left out: offlineimap (not installed)"; exit 0; }
instance
print=$(openssl x509 -in "$dir/etc/tls/certificate.pem" -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' | tr A-F a-f)
cat >"$dir/offlineimaprc" <<C
[general]
accounts = a
metadata = $dir/offlineimap
ui = quiet
socktimeout = 60

[Account a]
localrepository = here
remoterepository = there
utf8foldernames = yes

[Repository here]
type = Maildir
localfolders = $dir/maildirs
sep = /

[Repository there]
type = IMAP
remotehost = 127.0.0.1
remoteport = $(port 993)
ssl = yes
cert_fingerprint = $print
remoteuser = ann@example.test
remotepass = pw
maxconnections = 3
subscribedonly = no
C
step() { python3 t/system/sync_clients.py "$1" "$(port 143)" "$dir/maildirs" || fail "$1"; }
sync() {
  HOME=$dir timeout 120 offlineimap -c "$dir/offlineimaprc" -o "$@" >"$dir/out" 2>&1 </dev/null || { tail -n 40 "$dir/out"; fail "offlineimap"; }
}
step fill
sync && step compare
step change
sync && sync && step compare
step conflict
sync && sync && step compare
# Nothing is left to do.
sync -u basic
! grep -qiE 'copy message|deleting|(adding|removing) flag|warn' "$dir/out" || { cat "$dir/out"; fail "it still had something to do"; }
