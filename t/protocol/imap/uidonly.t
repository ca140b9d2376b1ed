# RFC 9586: no sequence numbers any more.
deliver
M: Subject: one
M: 
M: 1
deliver
M: Subject: two
M: 
M: 2
2C: a SELECT INBOX
2S: ...
2S: a OK *
C: a ENABLE UIDONLY
S: * ENABLED UIDONLY
S: a OK *
C: b SELECT INBOX
S: * FLAGS *
S: * 2 EXISTS
S: * 0 RECENT
S: * OK [PERMANENTFLAGS *
S: * OK [UIDVALIDITY *
S: * OK [UIDNEXT *
S: * OK [MAILBOXID *
S: * OK [HIGHESTMODSEQ *
S: b OK *
C: c UID FETCH 1:* (FLAGS)
S: * 1 UIDFETCH (FLAGS ())
S: * 2 UIDFETCH (FLAGS ())
S: c OK *
C: d FETCH 1 FLAGS
S: d BAD [UIDREQUIRED] *
C: e STORE 1 FLAGS ()
S: e BAD [UIDREQUIRED] *
C: f COPY 1 Sent
S: f BAD [UIDREQUIRED] *
C: g UID STORE 2 FLAGS (\Flagged)
S: * 2 UIDFETCH (FLAGS (\Flagged))
S: g OK *
2C: b STORE 1 +FLAGS (\Deleted)
2S: ...
2S: b OK *
C: h NOOP
S: * 1 UIDFETCH (FLAGS (\Deleted))
S: h OK *
C: i EXPUNGE
S: * VANISHED 1
S: i OK *
C: j UID SEARCH 1:2
S: j BAD [UIDREQUIRED] *
C: k UID SEARCH NOT UID 1
S: * SEARCH 2
S: k OK *
