# RFC 5464: values that clients keep with mailboxes and, as "", with the account; RFC 9590: in LIST.
C: a SETMETADATA INBOX (/private/comment "mine" /shared/Comment {5+}
P: ours! /private/vendor/x/y "deep")
C: a2 NOOP
S: a OK *
S: a2 OK *
C: b GETMETADATA INBOX /shared/comment
S: * METADATA INBOX (/shared/comment "ours!")
S: b OK *
C: c GETMETADATA (DEPTH infinity) inbox (/private)
S: c BAD *
C: d GETMETADATA (DEPTH infinity MAXSIZE 4) INBOX (/private/vendor /private/comment /private/none)
S: * METADATA INBOX (/private/vendor NIL /private/vendor/x/y "deep" /private/comment "mine" /private/none NIL)
S: d OK *
C: e GETMETADATA INBOX (DEPTH 1) /private/vendor
S: * METADATA INBOX (/private/vendor NIL)
S: e OK *
C: f GETMETADATA (MAXSIZE 2) INBOX (/private/comment)
S: f OK [METADATA LONGENTRIES 4] *
R: g SETMETADATA "" (/shared/bin ~{3+}\r\n\0a\n)\r\n
S: g OK *
C: h GETMETADATA "" /shared/bin
S: * METADATA "" (/shared/bin ~{3}
S: *
S: h OK *
C: i SETMETADATA INBOX (/private/comment NIL)
S: i OK *
C: j LIST "" (INBOX Sent) RETURN (METADATA (/private/comment /shared/comment))
S: * LIST (\HasNoChildren) "/" INBOX
S: * METADATA INBOX (/private/comment NIL /shared/comment "ours!")
S: * LIST (\HasNoChildren \Sent) "/" Sent
S: * METADATA Sent (/private/comment NIL /shared/comment NIL)
S: j OK *
C: k SETMETADATA Nowhere (/private/comment "x")
S: k NO [NONEXISTENT] *
C: l SETMETADATA INBOX (/public/comment "x")
S: l BAD *
C: m SETMETADATA INBOX (/private/a* "x")
S: m BAD *
C: n SETMETADATA INBOX (/private//a "x")
S: n BAD *
C: o GETMETADATA Nowhere /private/comment
S: o NO [NONEXISTENT] *
C: p GETMETADATA INBOX
S: p BAD *
