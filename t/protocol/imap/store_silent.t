# RFC 3501 §6.4.6: .SILENT keeps back only what the client did itself; what others did to the same
# messages before is told.
deliver
M: Subject: one
M: 
M: 1
deliver
M: Subject: two
M: 
M: 2
C: a SELECT INBOX
S: ...
S: a OK *
2C: a SELECT INBOX
2S: ...
2S: a OK *
2C: b STORE 1 +FLAGS (\Flagged)
2S: * 1 FETCH (FLAGS (\Flagged))
2S: b OK *
C: b STORE 1:2 +FLAGS.SILENT (\Answered)
S: * 1 FETCH (FLAGS (\Answered \Flagged \Recent))
S: b OK *
C: c STORE 1:2 +FLAGS.SILENT (\Draft)
S: c OK *
2C: c NOOP
2S: * 1 FETCH (FLAGS (\Answered \Flagged \Draft))
2S: * 2 FETCH (FLAGS (\Answered \Draft))
2S: c OK *
