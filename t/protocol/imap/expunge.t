# RFC 3501 §7.4.1: another session's EXPUNGE is not told during FETCH, STORE and SEARCH, and message
# numbers stay as they are until it is told.
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
C: a SELECT INBOX
S: ...
S: a OK *
2C: a SELECT INBOX
2S: ...
2S: a OK *
C: b STORE 1 +FLAGS (\Deleted)
S: * 1 FETCH (FLAGS (\Deleted \Recent))
S: b OK *
C: c EXPUNGE
S: * 1 EXPUNGE
S: c OK *
2C: b FETCH 2 BODY.PEEK[TEXT]
2S: * 2 FETCH (BODY[TEXT] {3}
2S: 2
2S: )
2S: b OK *
# What was expunged elsewhere but is not yet told can still be read.
2C: c FETCH 1 BODY.PEEK[TEXT]
2S: * 1 FETCH (BODY[TEXT] {3}
2S: 1
2S: )
2S: c OK *
2C: d SEARCH ALL
2S: * SEARCH 2 3
2S: d OK *
2C: e STORE 1:2 +FLAGS.SILENT (\Flagged)
2S: e NO [EXPUNGEISSUED] *
2C: f NOOP
2S: * 1 EXPUNGE
2S: f OK *
2C: g FETCH 1 (UID)
2S: * 1 FETCH (UID 2)
2S: g OK *
# UID commands may tell it.
C: d UID STORE 2 +FLAGS (\Deleted)
S: * 1 FETCH (UID 2 FLAGS (\Flagged \Deleted \Recent))
S: d OK *
C: e CLOSE
S: e OK *
2C: h UID FETCH 3 FLAGS
2S: * 2 FETCH (UID 3 FLAGS ())
2S: * 1 EXPUNGE
2S: h OK *
