#!/bin/sh
# SPDX-License-Identifier: MIT
# Clients that people use: mutt over IMAP, fetchmail over POP3 and IMAP, Python's smtplib, imaplib and
# poplib; and what is pipelined behind STARTTLS in the clear is not obeyed.
. "$(dirname "$0")/lib.sh"
instance
has() { [ "$(ctl mailbox list "$1@example.test" 2>/dev/null | awk -v b="$2" '$1 == b {print $2}')" = "$3" ]; }
send() { swaks --silent 3 --server "127.0.0.1:$(port 25)" --from out@elsewhere.test --to "$1@example.test" --header "Subject: $2" --body "body of $2"; }
for n in one two three; do send ann $n; done
wait_for 100 has ann INBOX 3

python3 t/system/clients.py "$(port 25)" "$(port 587)" "$(port 143)" "$(port 993)" "$(port 110)" "$(port 995)" || fail "Python's clients"
wait_for 100 has bob INBOX 2

# mutt wants a terminal: script gives it one.  It reads a message, copies it, and deletes another.
if command -v mutt >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
  cat >"$dir/muttrc" <<C
set imap_user=ann@example.test
set imap_pass=pw
set folder=imaps://127.0.0.1:$(port 993)/
set certificate_file=$dir/etc/tls/certificate.pem
set ssl_verify_host=no
set quit=yes
set wait_key=no
set move=no
set delete=yes
set confirmappend=no
set confirmcreate=no
push "<search>~s two<enter><pipe-message>cat >$dir/seen<enter><copy-message>=Archive<enter><next-entry><delete-message><sync-mailbox><quit>"
C
  TERM=vt100 HOME=$dir timeout 60 script -qec "mutt -n -F '$dir/muttrc' -f imaps://127.0.0.1:$(port 993)/INBOX" /dev/null </dev/null >"$dir/out" 2>&1 ||
    { tail -c 2000 "$dir/out"; fail "mutt"; }
  grep -q 'body of two' "$dir/seen" || fail "mutt did not show the message"
  has ann Archive 1 || fail "mutt did not copy"
  has ann INBOX 2 || fail "mutt did not delete"
else
  echo "left out: mutt (not installed, or no pseudo-terminals here)"
fi

# fetchmail: POP3 and IMAP over TLS, into a program: kept and not fetched twice, then fetched and deleted.
if command -v fetchmail >/dev/null; then
  fetch() {  # fetch PROTOCOL PORT OPTIONS; the number of messages is told in $got
    rm -f "$dir/got" && : >"$dir/got"
    cat >"$dir/fetchmailrc" <<C
poll 127.0.0.1 service $2 protocol $1
  user "bob@example.test" password "pw" ssl no sslcertck $3 mda "cat >>$dir/got"
C
    chmod 600 "$dir/fetchmailrc"
    code=0
    HOME=$dir timeout 60 fetchmail -f "$dir/fetchmailrc" -i "$dir/fetchids" --pidfile "$dir/fetchmail.pid" --nosyslog </dev/null >"$dir/out" 2>&1 || code=$?
    [ $code -le 1 ] || { cat "$dir/out"; fail "fetchmail $1: exit $code"; }
    got=$(grep -c '^Subject:' "$dir/got" || true)
  }
  fetch "pop3 uidl" "$(port 995)" keep
  [ "$got" = 2 ] || fail "fetchmail took $got messages over POP3, not 2"
  grep -q 'filename' "$dir/got" || fail "the message is not whole"
  fetch "pop3 uidl" "$(port 995)" keep
  [ "$got" = 0 ] || fail "fetchmail took what it had"
  has bob INBOX 2 || fail "fetchmail did not keep"
  fetch "pop3 uidl" "$(port 995)" "nokeep fetchall"
  [ "$got" = 2 ] && has bob INBOX 0 || fail "fetchmail did not delete over POP3"
  for n in four five; do send bob $n; done
  wait_for 100 has bob INBOX 2
  fetch imap "$(port 993)" keep
  [ "$got" = 2 ] && has bob INBOX 2 || fail "fetchmail did not fetch and keep over IMAP"
  fetch imap "$(port 993)" keep
  [ "$got" = 0 ] || fail "fetchmail did not mark what it had as seen"
  fetch imap "$(port 993)" "nokeep fetchall"
  [ "$got" = 2 ] && has bob INBOX 0 || fail "fetchmail did not delete over IMAP"
else
  echo "left out: fetchmail"
fi
