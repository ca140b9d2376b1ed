# Folders: made, listed, renamed, subscribed, deleted; names in modified UTF-7 on the wire.
C: a LIST "" ""
S: * LIST (\Noselect) "/" ""
S: a OK *
C: b CREATE Lists/jd/dev
S: b OK *
C: c LIST "" Lists%
S: * LIST (\HasChildren) "/" Lists
S: c OK *
C: d LIST Lists/ *
S: * LIST (\HasChildren) "/" Lists/jd
S: * LIST (\HasNoChildren) "/" Lists/jd/dev
S: d OK *
C: e CREATE lists/jd/../x
S: e NO [CANNOT] *
C: f CREATE inbox
S: f NO [ALREADYEXISTS] *
C: g CREATE "Entw&APw-rfe &- mehr"
S: g OK *
C: h LIST "" "Entw*"
S: * LIST (\HasNoChildren) "/" "Entw&APw-rfe &- mehr"
S: h OK *
C: i CREATE "bad &name"
S: i BAD *
C: j DELETE Lists/jd
S: j OK *
C: k LIST "" Lists/*
S: * LIST (\Noselect \HasChildren) "/" Lists/jd
S: * LIST (\HasNoChildren) "/" Lists/jd/dev
S: k OK *
C: l DELETE Lists/jd
S: l NO [HASCHILDREN] *
C: m SELECT Lists/jd
S: m NO [NONEXISTENT] *
C: n RENAME Lists Old
S: n OK *
C: o LIST "" Old*
S: * LIST (\HasChildren) "/" Old
S: * LIST (\Noselect \HasChildren) "/" Old/jd
S: * LIST (\HasNoChildren) "/" Old/jd/dev
S: o OK *
C: p SUBSCRIBE Old/jd/dev
S: p OK *
C: q LSUB "" Old/%
S: * LSUB (\Noselect) "/" Old/jd
S: q OK *
C: r LIST (SUBSCRIBED RECURSIVEMATCH) "" Old
S: * LIST (\HasChildren) "/" Old ("CHILDINFO" ("SUBSCRIBED"))
S: r OK *
C: s UNSUBSCRIBE Old/jd/dev
S: s OK *
C: t LSUB "" Old*
S: t OK *
C: u LIST "" (Sent Trash) RETURN (SPECIAL-USE CHILDREN STATUS (MESSAGES UIDNEXT))
S: * LIST (\HasNoChildren \Sent) "/" Sent
S: * STATUS Sent (MESSAGES 0 UIDNEXT 1)
S: * LIST (\HasNoChildren \Trash) "/" Trash
S: * STATUS Trash (MESSAGES 0 UIDNEXT 1)
S: u OK *
C: v LIST (SPECIAL-USE) "" * 
S: v BAD *
C: w DELETE INBOX
S: w NO [CANNOT] *
C: x DELETE Never
S: x NO [NONEXISTENT] *
C: y RENAME Never Else
S: y NO [NONEXISTENT] *
C: z STATUS Never (MESSAGES)
S: z NO [NONEXISTENT] *
C: z2 STATUS INBOX (COLOUR)
S: z2 BAD *
C: z3 NAMESPACE
S: * NAMESPACE (("" "/")) (("Other Users/" "/")) NIL
S: z3 OK *
