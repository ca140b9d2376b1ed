#!/bin/sh
# SPDX-License-Identifier: MIT
# Real mail and our own nasty mail (t/system/messages), end to end: in over SMTP, out over IMAP and
# POP3, the same bytes.  JDMAIL_CORPUS, else ../shared/corpus, is where real mail lies.
. "$(dirname "$0")/lib.sh"
instance
play() { python3 t/system/corpus.py "$(port 25)" "$(port 143)" "$(port 110)" "$@" || fail "$1"; }
empty() {  # the next set begins with an empty INBOX
  curl -sS -u ann@example.test:pw "imap://127.0.0.1:$(port 143)/INBOX" -X 'STORE 1:* +FLAGS.SILENT (\Deleted)' >/dev/null
  curl -sS -u ann@example.test:pw "imap://127.0.0.1:$(port 143)/INBOX" -X EXPUNGE >/dev/null
}
play t/system/messages t/system/messages/structures
corpus=${JDMAIL_CORPUS:-../shared/corpus}
if [ -d "$corpus" ]; then
  empty
  play "$corpus" -
else
  echo "left out: no corpus at $corpus"
fi
ctl mailbox check ann@example.test | grep -q ' 0 faults' || fail "mailbox check finds faults"
ctl queue list | grep -q 'the queue is empty' || fail "the queue is not empty"
