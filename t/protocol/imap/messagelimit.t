# RFC 9738, MESSAGELIMIT: FETCH, STORE, MOVE and UID EXPUNGE do the last messages and say how far they came.
message-limit 3
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
deliver
M: Subject: five
M: 
M: 5
2C: a SELECT INBOX
2S: ...
2S: a OK *
C: a CAPABILITY
S: * CAPABILITY IMAP4rev1 * MESSAGELIMIT=3
S: a OK *
C: a SELECT INBOX
S: ...
S: a OK *
# As many as the limit: nothing is said of it.
C: b1 FETCH 2:4 UID
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: * 4 FETCH (UID 4)
S: b1 OK FETCH done
C: b2 FETCH 1:4 UID
S: * 4 FETCH (UID 4)
S: * 3 FETCH (UID 3)
S: * 2 FETCH (UID 2)
S: b2 OK [MESSAGELIMIT 3 2] FETCH done *
C: b3 UID FETCH 5,1:3 UID
S: * 5 FETCH (UID 5)
S: * 3 FETCH (UID 3)
S: * 2 FETCH (UID 2)
S: b3 OK [MESSAGELIMIT 3 2] *
C: b4 UID FETCH 1 UID
S: * 1 FETCH (UID 1)
S: b4 OK FETCH done
# Only what was shown is \Seen.
C: b5 FETCH 2:5 BODY[TEXT]<0.1>
S: * 5 FETCH (BODY[TEXT]<0> {1}
S: 5 FLAGS (\Seen))
S: * 4 FETCH (BODY[TEXT]<0> {1}
S: 4 FLAGS (\Seen))
S: * 3 FETCH (BODY[TEXT]<0> {1}
S: 3 FLAGS (\Seen))
S: b5 OK [MESSAGELIMIT 3 3] *
C: b6 FETCH 1:2 FLAGS
S: * 1 FETCH (FLAGS ())
S: * 2 FETCH (FLAGS ())
S: b6 OK FETCH done
# PARTIAL (RFC 9394): its range is what counts.
C: c1 UID FETCH 1:* UID (PARTIAL 1:3)
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: c1 OK FETCH done
C: c2 UID FETCH 1:* UID (PARTIAL -1:-4)
S: c2 NO [MESSAGELIMIT 3] *
C: c3 UID FETCH 1:* UID (PARTIAL 4294967295:1)
S: c3 NO [MESSAGELIMIT 3] *
# A command that could not be done says nothing of it.
C: c4 EXAMINE INBOX
S: ...
S: c4 OK *
C: c5 STORE 1:* +FLAGS (\Seen)
S: c5 NO the mailbox is open for reading only
C: c6 SELECT INBOX
S: ...
S: c6 OK *
# STORE.
C: d1 STORE 3:* +FLAGS.SILENT (\Flagged)
S: d1 OK STORE done
C: d2 STORE 2:* -FLAGS (\Flagged \Seen)
S: * 5 FETCH (FLAGS ())
S: * 4 FETCH (FLAGS ())
S: * 3 FETCH (FLAGS ())
S: d2 OK [MESSAGELIMIT 3 3] STORE done *
C: d3 UID STORE 1:* +FLAGS.SILENT (\Deleted)
S: d3 OK [MESSAGELIMIT 3 3] STORE done *
C: d4 FETCH 1:3 FLAGS
S: * 1 FETCH (FLAGS ())
S: * 2 FETCH (FLAGS ())
S: * 3 FETCH (FLAGS (\Deleted))
S: d4 OK FETCH done
C: d5 STORE 1:2 +FLAGS.SILENT (\Deleted)
S: d5 OK STORE done
# UID EXPUNGE counts what is \Deleted, EXPUNGE has no limit.
C: d6 STORE 4 -FLAGS.SILENT (\Deleted)
S: d6 OK STORE done
C: e1 UID EXPUNGE 1:*
S: * 2 EXPUNGE
S: * 2 EXPUNGE
S: * 3 EXPUNGE
S: e1 OK [MESSAGELIMIT 3 2] EXPUNGE done *
C: e2 UID EXPUNGE 1:*
S: * 1 EXPUNGE
S: e2 OK EXPUNGE done
# Whoever comes as many times as it takes has them all; COPY does all or nothing, and so does APPEND.
C: f0 COPY 1 INBOX
S: ...
S: f0 OK *
C: f1 COPY 1:2 INBOX
S: ...
S: f1 OK *
C: f2 COPY 1:4 Archive
S: f2 NO [MESSAGELIMIT 3 6] *
C: f3 UID COPY 1:* Archive
S: f3 NO [MESSAGELIMIT 3 6] *
C: f4 COPY 2:4 Archive
S: f4 OK [COPYUID * 6:8 1:3] COPY done
C: f5 STATUS Archive (MESSAGES)
S: * STATUS Archive (MESSAGES 3)
S: f5 OK *
C: g1 APPEND Drafts {1+}
P: 1 {1+}
P: 2 {1+}
P: 3 {1+}
C: 4
S: g1 NO [MESSAGELIMIT 3] *
C: g2 APPEND Drafts {1+}
P: 1 {1+}
P: 2 {1+}
C: 3
S: g2 OK [APPENDUID * 1:3] APPEND done
# MOVE.
C: h1 MOVE 1:4 Archive
S: * OK [COPYUID * 6:8 4:6] *
S: * 2 EXPUNGE
S: * 2 EXPUNGE
S: * 2 EXPUNGE
S: h1 OK [MESSAGELIMIT 3 6] MOVE done *
C: h2 UID MOVE 1:* Archive
S: * OK [COPYUID * 4 7] *
S: * 1 EXPUNGE
S: h2 OK MOVE done
C: h3 SELECT Archive
S: ...
S: h3 OK *
C: h4 STORE 1:3 +FLAGS.SILENT (\Deleted)
S: h4 OK STORE done
C: h5 STORE 4:6 +FLAGS.SILENT (\Deleted)
S: h5 OK STORE done
C: h6 EXPUNGE
S: ...
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: h6 OK EXPUNGE done
