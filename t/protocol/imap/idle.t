# RFC 2177: what another session does is told while the client idles.
deliver
M: Subject: one
M: 
C: a SELECT INBOX
S: ...
S: a OK *
C: b IDLE
S: + *
deliver
M: Subject: two
M: 
notify
S: * 2 EXISTS
S: * 2 RECENT
2C: a SELECT INBOX
2S: ...
2S: a OK *
2C: b STORE 1 +FLAGS (\Flagged \Deleted)
2S: ...
2S: b OK *
notify
S: * 1 FETCH (FLAGS (\Flagged \Deleted \Recent))
2C: c EXPUNGE
2S: * 1 EXPUNGE
2S: c OK *
notify
S: * 1 EXPUNGE
C: done
S: b OK *
C: c IDLE
S: + *
C: c NOOP
S: c BAD *
