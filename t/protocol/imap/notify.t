# RFC 5465: what the client wants to hear without asking.
deliver
M: Subject: one
M: 
C: a1 CREATE lists/lemonade
S: a1 OK *
C: a2 CREATE misc
S: a2 OK *
# Requests that are wrong, and events that nobody tells here.
C: b1 NOTIFY
S: b1 BAD *
C: b2 NOTIFY SET
S: b2 BAD *
C: b3 NOTIFY SET (SELECTED (MessageNew))
S: b3 BAD *
C: b4 NOTIFY SET (SELECTED (FlagChange))
S: b4 BAD *
C: b5 NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (SELECTED-DELAYED (MessageNew MessageExpunge))
S: b5 BAD *
C: b6 NOTIFY SET (SELECTED (MessageNew MessageExpunge MailboxName))
S: b6 BAD *
C: b7 NOTIFY SET (PERSONAL (MessageNew (UID) MessageExpunge))
S: b7 BAD *
C: b8 NOTIFY SET (PERSONAL (MessageNew MessageExpunge AnnotationChange))
S: b8 NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] *
C: b9 NOTIFY SET (PERSONAL (SomethingElse))
S: b9 NO [BADEVENT (*)] *
C: b10 NOTIFY SET (SUBTREE-ONE misc (MessageNew MessageExpunge))
S: b10 BAD *
C: b11 NOTIFY SET (EVERYWHERE (MailboxName))
S: b11 BAD *
C: b12 NOTIFY NONE now
S: b12 BAD *
C: b13 NOTIFY SET (SELECTED (MessageNew (NONSENSE) MessageExpunge))
S: b13 BAD *
C: b14 NOTIFY SET (PERSONAL (MailboxName)
S: b14 BAD *
# STATUS of what is watched; a name that is nobody's is passed over.
C: c1 notify set status (selected (MessageNew (uid body.peek[header.fields (subject)]) MessageExpunge)) (subtree lists (MessageNew MessageExpunge FlagChange)) (mailboxes (misc nothing) (MessageNew MessageExpunge))
S: * STATUS lists (MESSAGES 0 UIDNEXT 1 UIDVALIDITY * UNSEEN 0 HIGHESTMODSEQ 1)
S: * STATUS lists/lemonade (MESSAGES 0 UIDNEXT 1 UIDVALIDITY * UNSEEN 0 HIGHESTMODSEQ 1)
S: * STATUS misc (MESSAGES 0 UIDNEXT 1 UIDVALIDITY *)
S: c1 OK *
C: c2 SELECT INBOX
S: ...
S: c2 OK *
# A message elsewhere, and one here with what was asked for.
2C: a APPEND misc {*+}
M: Subject: x
M: 
2S: ...
2S: a OK *
notify
S: * STATUS misc (MESSAGES 1 UIDNEXT 2)
deliver
M: Subject: two
M: 
notify
S: * 2 EXISTS
S: * 2 RECENT
S: * 2 FETCH (UID 2 BODY[HEADER.FIELDS (subject)] {16}
S: Subject: two
S: 
S: )
# Nothing new is nothing said.
notify
# FlagChange was not asked for here, and there it is told by the number of unseen messages.
2C: b SELECT INBOX
2S: ...
2S: b OK *
2C: c STORE 1 +FLAGS (\Seen)
2S: ...
2S: c OK *
notify
C: d1 NOOP
S: d1 OK *
2C: d APPEND lists/lemonade {*+}
M: Subject: y
M: 
2S: ...
2S: d OK *
notify
S: * STATUS lists/lemonade (MESSAGES 1 UIDNEXT 2 UNSEEN 1)
2C: e SELECT lists/lemonade
2S: ...
2S: e OK *
2C: f STORE 1 +FLAGS (\Flagged)
2S: ...
2S: f OK *
notify
2C: g STORE 1 +FLAGS (\Seen)
2S: ...
2S: g OK *
notify
S: * STATUS lists/lemonade (UIDVALIDITY * UNSEEN 0)
# Gone, elsewhere and here; at once, for this client uses no numbers.
2C: h STORE 1 +FLAGS (\Deleted)
2S: ...
2S: h OK *
notify
2C: i EXPUNGE
2S: * 1 EXPUNGE
2S: ...
2S: i OK *
notify
S: * STATUS lists/lemonade (MESSAGES 0 UIDNEXT 2)
2C: j SELECT INBOX
2S: ...
2S: j OK *
2C: k STORE 1 +FLAGS (\Deleted)
2S: ...
2S: k OK *
2C: l EXPUNGE
2S: * 1 EXPUNGE
2S: ...
2S: l OK *
notify
S: * 1 EXPUNGE
# In the middle of a command nothing is said; with its answer, it is.
2C: m APPEND misc {*+}
M: Subject: z
M: 
2S: ...
2S: m OK *
R: e1 NO
notify
R: OP\r\n
S: e1 OK *
S: * STATUS misc (MESSAGES 2 UIDNEXT 3)
# What the client does itself it need not be told.
C: f1 APPEND misc {*+}
M: Subject: mine
M: 
S: f1 OK *
C: f2 APPEND INBOX {*+}
M: Subject: mine
M: 
S: * 2 EXISTS
S: * 2 RECENT
S: f2 OK *
C: f3 COPY 2 lists
S: f3 OK *
notify
# The mailbox that is left is one of the others now, and the one that is opened is not.
C: g1 SELECT misc
S: ...
S: g1 OK *
2C: n APPEND misc {*+}
M: Subject: here
M: 
2S: ...
2S: n OK *
notify
S: * 4 EXISTS
S: * 4 RECENT
S: * 4 FETCH (UID 4 BODY[HEADER.FIELDS (subject)] {17}
S: Subject: here
S: 
S: )
# IDLE says the same.
C: g2 IDLE
S: + *
2C: o STORE 1 +FLAGS (\Answered)
2S: ...
2S: o OK *
notify
C: DONE
S: g2 OK *
# With CONDSTORE the mod-sequence is told, too.
C: h1 ENABLE CONDSTORE
S: * ENABLED CONDSTORE
S: h1 OK *
2C: p APPEND lists {*+}
M: Subject: w
M: 
2S: ...
2S: p OK *
notify
S: * STATUS lists (MESSAGES 2 UIDNEXT 3 UNSEEN 2 HIGHESTMODSEQ 3)
# Nothing at all; what gathers is told when it is wanted again, and what the client does itself is answered.
C: i1 NOTIFY NONE
S: i1 OK *
2C: q APPEND misc {*+}
M: Subject: v
M: 
2S: ...
2S: q OK *
notify
C: i2 NOOP
S: i2 OK *
C: i3 UID STORE 4 +FLAGS (\Deleted)
S: * 4 FETCH (UID 4 FLAGS *
S: i3 OK *
C: i4 UID EXPUNGE 4
S: * 4 EXPUNGE
S: i4 OK *
C: i5 NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))
S: * 4 EXISTS
S: * 4 RECENT
S: i5 OK *
# Delayed: flags at once, EXPUNGE when the numbers may change.
2C: r SELECT misc
2S: ...
2S: r OK *
2C: s STORE 1 +FLAGS (\Deleted)
2S: ...
2S: s OK *
notify
S: * 1 FETCH (UID 1 MODSEQ (*) FLAGS (\Deleted *
2C: t EXPUNGE
2S: * 1 EXPUNGE
2S: ...
2S: t OK *
notify
C: j1 FETCH 2 UID
S: * 2 FETCH (UID 2)
S: j1 OK *
C: j2 NOOP
S: * 1 EXPUNGE
S: j2 OK *
