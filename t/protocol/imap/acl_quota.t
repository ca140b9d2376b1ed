# RFC 9208: what somebody puts into another's mailbox counts for the owner's limit, whoever has room.
quota 60
guest
C: a SETACL INBOX bob@example.test lrswi
S: a OK *
2C: b APPEND INBOX {*+}
M: Subject: 1
M:
M: as long as it has to be to find no room there beside another
2S: b OK *
2C: c SELECT INBOX
2S: ...
2S: c OK *
2C: d COPY 1 "Other Users/ann@example.test/INBOX"
2S: d NO [OVERQUOTA] *
2C: e APPEND "Other Users/ann@example.test/INBOX" {*+}
M: Subject: 2
M:
M: short
2S: e OK *
2C: f APPEND "Other Users/ann@example.test/INBOX" {*+}
M: Subject: 3
M:
M: but not for ever and again and again
2S: f NO [OVERQUOTA] *
C: g STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 1)
S: g OK *
