# Without it several sessions may have the mailbox; what one deletes another still shows until it ends.
deliver
M: Subject: one
M: 
2C: STAT
2S: +OK 1 16
C: STAT
S: +OK 1 16
C: DELE 1
S: +OK *
C: QUIT
S: +OK *
2C: LIST
2S: +OK *
2S: 1 16
2S: .
2C: QUIT
2S: +OK *
