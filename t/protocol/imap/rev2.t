# RFC 9051: after ENABLE IMAP4rev2 there is no RECENT, names are UTF-8, and SELECT tells the mailbox's name.
deliver
M: Subject: one
M: 
M: 1
deliver
M: Subject: two
M: 
M: 2
C: a ENABLE IMAP4rev2
S: * ENABLED IMAP4rev2
S: a OK *
C: b SELECT inbox
S: * FLAGS *
S: * 2 EXISTS
S: * LIST (\HasNoChildren) "/" INBOX ("OLDNAME" (inbox))
S: * OK [PERMANENTFLAGS *
S: * OK [UIDVALIDITY *
S: * OK [UIDNEXT 3] *
S: * OK [MAILBOXID *
S: * OK [HIGHESTMODSEQ *
S: b OK [READ-WRITE] *
C: c FETCH 1:2 (FLAGS BINARY.SIZE[1])
S: * 1 FETCH (FLAGS () BINARY.SIZE[1] *)
S: * 2 FETCH (FLAGS () BINARY.SIZE[1] *)
S: c OK *
C: d SEARCH SUBJECT one
S: * ESEARCH (TAG "d") ALL 1
S: d OK *
C: e UID SEARCH SUBJECT none
S: * ESEARCH (TAG "e") UID
S: e OK *
deliver
M: Subject: three
M: 
M: 3
C: f NOOP
S: * 3 EXISTS
S: f OK *
C: g STORE 3 +FLAGS (\Deleted)
S: * 3 FETCH (UID 3 FLAGS (\Deleted))
S: g OK *
# RFC 9051 §7.5.2: what nobody asked for is told with its UID.
2C: a SELECT INBOX
2S: ...
2S: a OK *
2C: b STORE 1 +FLAGS (\Flagged)
2S: ...
2S: b OK *
C: g2 NOOP
S: * 1 FETCH (UID 1 FLAGS (\Flagged))
S: g2 OK *
C: h STATUS INBOX (MESSAGES DELETED SIZE)
S: * STATUS INBOX (MESSAGES 3 DELETED 1 SIZE *)
S: h OK *
C: i CREATE "Entwürfe/"
S: * LIST (\HasNoChildren) "/" "Entwürfe" ("OLDNAME" ("Entwürfe/"))
S: i OK *
C: j RENAME "Entwürfe" "草稿"
S: * LIST (\HasNoChildren) "/" "草稿" ("OLDNAME" ("Entwürfe"))
S: j OK *
C: k SELECT "草稿"
S: * OK [CLOSED] *
S: ...
S: * LIST (\HasNoChildren) "/" "草稿"
S: ...
S: k OK *
# RFC 9051 appendix E: nothing is recent any more.
C: z1 STATUS INBOX (MESSAGES RECENT)
S: z1 BAD *
C: z2 LIST "" INBOX RETURN (STATUS (RECENT))
S: z2 BAD *
