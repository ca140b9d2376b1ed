# Mistakes get -ERR; a session that does not end with QUIT deletes nothing.
max-bad 9
deliver
M: Subject: one
M: 
C: RETR
S: -ERR *
C: RETR 0
S: -ERR *
C: RETR 2
S: -ERR *
C: TOP 1
S: -ERR *
C: TOP 1 x
S: -ERR *
C: XYZZY
S: -ERR *
C: STAT 1
S: -ERR *
C: DELE 1
S: +OK *
C: 
S: -ERR *
C: DELE 99999999999999999999999
S: -ERR *
S: -ERR too many bad commands
over
2C: STAT
2S: +OK 1 16
