# A mailbox is opened with all that RFC 3501 §6.3.1 asks for, and mail in it is recent once.
deliver
M: From: ann@example.test
M: Subject: one
M: 
M: first
deliver
M: From: bob@example.test
M: Subject: two
M: 
M: second
C: a SELECT INBOX
S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] *
S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] *
S: * OK [UIDVALIDITY *] *
S: * OK [UIDNEXT 3] *
S: * OK [MAILBOXID (F1)] *
S: * OK [HIGHESTMODSEQ 3] *
S: a OK [READ-WRITE] *
2C: a EXAMINE inbox
2S: ...
2S: * 0 RECENT
2S: ...
2S: * OK [PERMANENTFLAGS ()] *
2S: ...
2S: a OK [READ-ONLY] *
2C: b STORE 1 +FLAGS (\Seen)
2S: b NO *
2C: c FETCH 1 BODY[]
2S: * 1 FETCH (BODY[] {*}
2S: ...
2S: first
2S: )
2S: c OK *
# EXAMINE does not mark as read.
C: b FETCH 1:2 (UID FLAGS)
S: * 1 FETCH (UID 1 FLAGS (\Recent))
S: * 2 FETCH (UID 2 FLAGS (\Recent))
S: b OK *
C: c SELECT Nowhere
S: * OK [CLOSED] *
S: c NO [NONEXISTENT] *
# RFC 3501 §6.3.1: after a SELECT that failed nothing is selected.
C: d FETCH 1 FLAGS
S: d BAD no mailbox is selected
