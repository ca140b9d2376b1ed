# RFC 7162: a client comes back and hears what it missed, in one round trip.
deliver
M: Subject: one
M: 
M: 1
deliver
M: Subject: two
M: 
M: 2
deliver
M: Subject: three
M: 
M: 3
deliver
M: Subject: four
M: 
M: 4
2C: a SELECT INBOX
2S: ...
2S: a OK *
C: a ENABLE QRESYNC
S: * ENABLED QRESYNC
S: a OK *
C: b SELECT INBOX
S: ...
S: * OK [HIGHESTMODSEQ 5] *
S: b OK *
2C: b STORE 2 +FLAGS (\Deleted)
2S: ...
2S: b OK *
2C: c EXPUNGE
2S: * 2 EXPUNGE
2S: c OK *
2C: d STORE 3 +FLAGS (\Flagged)
2S: ...
2S: d OK *
# What others expunged comes as VANISHED, with UIDs; flags with their number.
C: c NOOP
S: * VANISHED 2
S: * 3 FETCH (UID 4 MODSEQ (*) FLAGS (\Flagged))
S: c OK *
C: d STORE 1 +FLAGS.SILENT (\Deleted)
S: * 1 FETCH (UID 1 MODSEQ (*))
S: d OK *
C: e UID EXPUNGE 1
S: * VANISHED 1
S: e OK [HIGHESTMODSEQ *] *
C: f UID FETCH 1:* (FLAGS) (CHANGEDSINCE 5 VANISHED)
S: * VANISHED (EARLIER) 1:2
S: * 2 FETCH (UID 4 FLAGS (\Flagged) MODSEQ (*))
S: f OK *
C: g FETCH 1 FLAGS (CHANGEDSINCE 5 VANISHED)
S: g BAD *
# The UIDVALIDITY fits: what is gone and what is changed since.
C: h SELECT INBOX (QRESYNC (1700000000 5 1:4))
S: * OK [CLOSED] *
S: ...
S: * OK [UIDVALIDITY 1700000000] *
S: ...
S: * VANISHED (EARLIER) 1:2
S: * 2 FETCH (UID 4 FLAGS (\Flagged) MODSEQ (*))
S: h OK *
# Long ago, and nothing is known of it: all that is not there.
C: i SELECT INBOX (QRESYNC (1700000000 1 1:3 (1:2 1,3)))
S: ...
S: * VANISHED (EARLIER) 1:2
S: * 1 FETCH (UID 3 FLAGS () MODSEQ (*))
S: i OK *
# A pair that agrees says that nothing before it is missing.
C: j SELECT INBOX (QRESYNC (1700000000 1 1:3 (1 3)))
S: ...
S: * OK [HIGHESTMODSEQ *
S: * 1 FETCH (UID 3 FLAGS () MODSEQ (*))
S: j OK *
# Another UIDVALIDITY: the client begins anew.
C: k SELECT INBOX (QRESYNC (7 1))
S: ...
S: * OK [HIGHESTMODSEQ *
S: k OK *
C: l SELECT INBOX (QRESYNC (1700000000 1 1:*))
S: l BAD *
C: m SELECT INBOX (QRESYNC (1700000000 1 1:3 (1:2 3)))
S: m BAD *
# Asked for or not, the UID is there once.
C: n FETCH 1 (UID FLAGS)
S: * 1 FETCH (UID 3 FLAGS ())
S: n OK *
