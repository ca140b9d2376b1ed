# RFC 5464 §4.1: values in mailboxes of others: /shared only, with w to change them; and quota: the owner's.
quota 100000
guest
C: a SETACL INBOX bob@example.test lr
S: a OK *
C: b SETMETADATA INBOX (/shared/comment "ours" /private/comment "mine")
S: b OK *
2C: c GETMETADATA "Other Users/ann@example.test/INBOX" (/shared/comment /private/comment)
2S: * METADATA "Other Users/ann@example.test/INBOX" (/shared/comment "ours" /private/comment NIL)
2S: c OK *
2C: d GETMETADATA (DEPTH infinity) "Other Users/ann@example.test/INBOX" /private/com
2S: * METADATA "Other Users/ann@example.test/INBOX" (/private/com NIL)
2S: d OK *
2C: e SETMETADATA "Other Users/ann@example.test/INBOX" (/shared/comment "his")
2S: e NO [NOPERM] *
2C: f GETMETADATA "Other Users/ann@example.test/Sent" /shared/comment
2S: f NO [NONEXISTENT] *
C: g SETACL INBOX bob@example.test +wi
S: g OK *
2C: h SETMETADATA "Other Users/ann@example.test/INBOX" (/private/comment "his")
2S: h NO [METADATA NOPRIVATE] *
2C: i SETMETADATA "Other Users/ann@example.test/INBOX" (/shared/comment "theirs")
2S: i OK *
2C: j LIST "" "Other Users/*" RETURN (METADATA (/shared/comment /private/comment))
2S: * LIST (\NonExistent \HasChildren) "/" "Other Users/ann@example.test"
2S: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/INBOX"
2S: * METADATA "Other Users/ann@example.test/INBOX" (/shared/comment "theirs" /private/comment NIL)
2S: j OK *
2C: k GETQUOTAROOT "Other Users/ann@example.test/INBOX"
2S: * QUOTAROOT "Other Users/ann@example.test/INBOX" "ann@example.test"
2S: * QUOTA "ann@example.test" (STORAGE 0 97)
2S: k OK *
2C: l GETQUOTA ""
2S: l NO [NONEXISTENT] *
