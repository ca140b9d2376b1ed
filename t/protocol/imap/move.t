# COPY and MOVE with their UIDs; UID EXPUNGE takes only what it names.
deliver
M: Subject: one
M: 
deliver
M: Subject: two
M: 
deliver
M: Subject: three
M: 
C: a SELECT INBOX
S: ...
S: a OK *
C: b STORE 1:3 FLAGS.SILENT (\Deleted)
S: b OK *
C: c UID EXPUNGE 2
S: * 2 EXPUNGE
S: c OK *
C: d COPY 1:2 Archive
S: d OK [COPYUID * 1,3 1:2] *
C: e UID MOVE 3 Trash
S: * OK [COPYUID * 3 1] *
S: * 2 EXPUNGE
S: e OK *
C: f UID MOVE 99 Trash
S: f OK *
C: g MOVE 1 Nowhere
S: g NO [TRYCREATE] *
C: h MOVE 5 Trash
S: h BAD *
C: i STATUS Archive (MESSAGES)
S: * STATUS Archive (MESSAGES 2)
S: i OK *
C: j EXPUNGE
S: * 1 EXPUNGE
S: j OK *
C: k UNSELECT
S: k OK *
C: l EXPUNGE
S: l BAD *
