# RFC 9738: where the answer has a response code already, MESSAGELIMIT goes before it; with CONDSTORE and QRESYNC
# (RFC 7162), UIDONLY (RFC 9586) and messages that others expunged.
message-limit 2
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
C: a ENABLE QRESYNC
S: * ENABLED *
S: a OK *
C: b SELECT INBOX
S: ...
S: b OK *
C: c1 STORE 4 FLAGS.SILENT (\Flagged)
S: * 4 FETCH (UID 4 MODSEQ (6))
S: c1 OK STORE done
C: c2 UID STORE 1:* (UNCHANGEDSINCE 5) +FLAGS.SILENT (\Seen)
S: * 3 FETCH (UID 3 MODSEQ (7))
S: * NO [MESSAGELIMIT 2 3] *
S: c2 OK [MODIFIED 4] STORE done
# What has not changed does not count, and is not looked at.
C: d1 FETCH 1:* (UID) (CHANGEDSINCE 5)
S: * 3 FETCH (UID 3 MODSEQ (7))
S: * 4 FETCH (UID 4 MODSEQ (6))
S: d1 OK FETCH done
C: d2 UID FETCH 1:* (UID) (CHANGEDSINCE 2 VANISHED)
S: * 4 FETCH (UID 4 MODSEQ (6))
S: * 3 FETCH (UID 3 MODSEQ (7))
S: d2 OK [MESSAGELIMIT 2 3] FETCH done *
# Sorted or not, MODSEQ is the last.
C: d3 SEARCH MODSEQ 1
S: * SEARCH 4 3 (MODSEQ 7)
S: d3 OK [MESSAGELIMIT 2 3] SEARCH done *
C: e1 STORE 1:2 +FLAGS.SILENT (\Deleted)
S: * 1 FETCH (UID 1 MODSEQ (8))
S: * 2 FETCH (UID 2 MODSEQ (8))
S: e1 OK STORE done
C: e2 STORE 3:4 +FLAGS.SILENT (\Deleted)
S: * 3 FETCH (UID 3 MODSEQ (9))
S: * 4 FETCH (UID 4 MODSEQ (9))
S: e2 OK STORE done
2C: a SELECT INBOX
2S: ...
2S: a OK *
C: e3 UID EXPUNGE 1:*
S: * VANISHED 3:4
S: * NO [MESSAGELIMIT 2 3] *
S: e3 OK [HIGHESTMODSEQ 10] EXPUNGE done
# For the second these two are still there, as numbers.
2C: b STORE 2:4 +FLAGS (\Answered)
2S: * NO [MESSAGELIMIT 2 3] *
2S: b NO [EXPUNGEISSUED] *
2C: c FETCH 2:4 (UID)
2S: * 4 FETCH (UID 4)
2S: * 3 FETCH (UID 3)
2S: c OK [MESSAGELIMIT 2 3] *
2C: d MOVE 2:4 Trash
2S: ...
2S: d NO [EXPUNGEISSUED] *
2C: e ENABLE UIDONLY
2S: * ENABLED UIDONLY
2S: e OK *
2C: f UID COPY 1:2 INBOX
2S: ...
2S: f OK *
2C: g UID FETCH 1:* (FLAGS)
2S: * 6 UIDFETCH (FLAGS (\Deleted \Recent))
2S: * 5 UIDFETCH (FLAGS (\Deleted \Recent))
2S: g OK [MESSAGELIMIT 2 5] *
2C: h UID SEARCH UIDBEFORE 5
2S: * SEARCH 1 2
2S: h OK SEARCH done
# EXPUNGE and CLOSE: all of them.
2C: i EXPUNGE
2S: * VANISHED 1:2,5:6
2S: i OK *
