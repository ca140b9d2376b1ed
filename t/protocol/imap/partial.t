# RFC 9394: a slice of what UID FETCH would give.
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
C: a SELECT INBOX
S: ...
S: a OK *
C: b UID FETCH 1:* (UID) (PARTIAL 2:3)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: b OK *
C: c UID FETCH 1:* UID (PARTIAL -1:-2)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: c OK *
C: d UID FETCH 1:* (UID) (PARTIAL 3:9)
S: * 3 FETCH (UID 3)
S: d OK *
C: e UID FETCH 1:* (UID) (PARTIAL 7:9)
S: e OK *
# First the slice, then what of it has changed, however they are written.
C: f UID FETCH 1:* (UID) (CHANGEDSINCE 2 PARTIAL 1:1)
S: f OK *
C: f2 UID FETCH 1:* (UID) (PARTIAL -1:-2 CHANGEDSINCE 3)
S: * 3 FETCH (UID 3 MODSEQ (4))
S: f2 OK *
C: g FETCH 1:* (UID) (PARTIAL 1:1)
S: g BAD *
C: h UID FETCH 1:* (UID) (PARTIAL 0:1)
S: h BAD *
C: i UID FETCH 1:* (UID) (VANISHED)
S: i BAD *
