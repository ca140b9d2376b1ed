# RFC 7162: changes by number; a change is refused when another came before it.
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
C: a SELECT INBOX (CONDSTORE)
S: ...
S: * OK [HIGHESTMODSEQ 4] *
S: a OK *
C: b UID FETCH 1:* (FLAGS MODSEQ)
S: * 1 FETCH (UID 1 FLAGS (\Recent) MODSEQ (2))
S: * 2 FETCH (UID 2 FLAGS (\Recent) MODSEQ (3))
S: * 3 FETCH (UID 3 FLAGS (\Recent) MODSEQ (4))
S: b OK *
C: c STORE 2 +FLAGS.SILENT (\Flagged)
S: * 2 FETCH (MODSEQ (5))
S: c OK *
C: d FETCH 1:3 (UID) (CHANGEDSINCE 4)
S: * 2 FETCH (UID 2 MODSEQ (5))
S: d OK *
C: e STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS (\Seen)
S: * 1 FETCH (FLAGS (\Seen \Recent) MODSEQ (6))
S: * 3 FETCH (FLAGS (\Seen \Recent) MODSEQ (6))
S: e OK [MODIFIED 2] *
C: f UID STORE 2 (UNCHANGEDSINCE 4) FLAGS.SILENT ()
S: f OK [MODIFIED 2] *
2C: a SELECT INBOX
2S: ...
2S: a OK *
2C: b STORE 1 FLAGS (\Answered)
2S: * 1 FETCH (FLAGS (\Answered))
2S: b OK *
C: g NOOP
S: * 1 FETCH (UID 1 MODSEQ (7) FLAGS (\Answered \Recent))
S: g OK *
C: h STATUS INBOX (HIGHESTMODSEQ)
S: * STATUS INBOX (HIGHESTMODSEQ 7)
S: h OK *
C: i STORE 1 +FLAGS.SILENT (\Deleted)
S: * 1 FETCH (MODSEQ (8))
S: i OK *
C: j EXPUNGE
S: * 1 EXPUNGE
S: j OK [HIGHESTMODSEQ 9] *
C: k FETCH 1 BODY[TEXT]
S: * 1 FETCH (BODY[TEXT] {*}
S: 2
S:  FLAGS (\Flagged \Seen \Recent) MODSEQ (10))
S: k OK *
C: l FETCH 1 FLAGS (CHANGEDSINCE)
S: l BAD *
C: m FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)
S: m BAD *
C: n STORE 1 (UNCHANGEDSINCE x) FLAGS ()
S: n BAD *
C: o SELECT INBOX (QRESYNC (1 1))
S: o BAD QRESYNC takes ENABLE *
