# RFC 1939: the whole transaction state.  Deleting is final only at QUIT.
deliver
M: From: ann@example.test
M: Subject: one
M: 
M: .a dot
M: ..
M: text
deliver
M: Subject: two
M: 
M: body
C: STAT
S: +OK 2 *
C: LIST
S: +OK *
S: 1 58
S: 2 22
S: .
C: LIST 2
S: +OK 2 22
C: RETR 1
S: +OK 58 octets
S: From: ann@example.test
S: Subject: one
S: 
S: ..a dot
S: ...
S: text
S: .
C: TOP 1 1
S: +OK *
S: From: ann@example.test
S: Subject: one
S: 
S: ..a dot
S: .
C: TOP 2 0
S: +OK *
S: Subject: two
S: 
S: .
C: UIDL
S: +OK *
S: 1 *.1
S: 2 *.2
S: .
C: UIDL 2
S: +OK 2 *.2
C: dele 1
S: +OK *
C: DELE 1
S: -ERR *
C: RETR 1
S: -ERR *
C: STAT
S: +OK 1 22
C: LIST
S: +OK *
S: 2 22
S: .
C: RSET
S: +OK *
C: STAT
S: +OK 2 80
C: DELE 2
S: +OK *
C: NOOP
S: +OK *
C: CAPA
S: +OK *
S: ...
S: UIDL
S: ...
S: .
C: QUIT
S: +OK *
over
2C: STAT
2S: +OK 1 58
