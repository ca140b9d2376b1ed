# RFC 5465 §5.4 to §5.7: names, subscriptions and annotations.
C: a1 CREATE lists/im2000
S: a1 OK *
C: a2 NOTIFY SET (PERSONAL (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange))
S: a2 OK *
2C: a CREATE work/plans
2S: a OK *
notify
S: * LIST (\HasChildren) "/" work
S: * LIST (\HasNoChildren) "/" work/plans
2C: b RENAME work Arbeit
2S: b OK *
# What lies below is renamed with it, silently.
notify
S: * LIST (\HasChildren) "/" Arbeit ("OLDNAME" (work))
2C: c DELETE Arbeit/plans
2S: c OK *
notify
S: * LIST (\HasNoChildren) "/" Arbeit
S: * LIST (\NonExistent \HasNoChildren) "/" Arbeit/plans
2C: d SUBSCRIBE Arbeit
2S: d OK *
2C: e SUBSCRIBE nowhere
2S: e OK *
notify
S: * LIST (\Subscribed \HasNoChildren) "/" Arbeit
S: * LIST (\NonExistent \Subscribed \HasNoChildren) "/" nowhere
2C: f UNSUBSCRIBE Arbeit
2S: f OK *
notify
S: * LIST (\HasNoChildren) "/" Arbeit
2C: g SETMETADATA INBOX (/shared/comment "x" /private/comment "y")
2S: g OK *
2C: h SETMETADATA "" (/shared/admin "z")
2S: h OK *
notify
S: * METADATA "" /shared/admin
S: * METADATA INBOX /private/comment /shared/comment
2C: i SETMETADATA INBOX (/private/comment NIL)
2S: i OK *
notify
S: * METADATA INBOX /private/comment
# The client's own doing is not told.
C: b1 CREATE mine/own
S: b1 OK *
C: b2 RENAME mine yours
S: b2 OK *
C: b3 SUBSCRIBE yours
S: b3 OK *
C: b4 SETMETADATA yours (/private/comment "x")
S: b4 OK *
C: b5 DELETE yours/own
S: b5 OK *
notify
# Only some mailboxes.
C: c1 NOTIFY SET (SUBTREE lists (MailboxName)) (SUBSCRIBED (MessageNew MessageExpunge)) (MAILBOXES later (MessageNew MessageExpunge))
S: c1 OK *
2C: j CREATE elsewhere
2S: j OK *
2C: k CREATE lists/new
2S: k OK *
notify
S: * LIST (\HasChildren) "/" lists
S: * LIST (\HasNoChildren) "/" lists/new
2C: l RENAME elsewhere lists/found
2S: l OK *
notify
S: * LIST (\HasNoChildren) "/" lists/found ("OLDNAME" (elsewhere))
# One that is subscribed to, or comes to be, later.
2C: m CREATE later
2S: m OK *
2C: n APPEND later {*+}
M: Subject: x
M: 
2S: n OK *
2C: o APPEND yours {*+}
M: Subject: x
M: 
2S: o OK *
notify
S: * STATUS later (MESSAGES 1 UIDNEXT 2 UIDVALIDITY *)
S: * STATUS yours (MESSAGES 1 UIDNEXT 2)
2C: p UNSUBSCRIBE yours
2S: p OK *
2C: q APPEND yours {*+}
M: Subject: x
M: 
2S: q OK *
notify
C: d1 NOTIFY NONE
S: d1 OK *
2C: r DELETE later
2S: r OK *
notify
