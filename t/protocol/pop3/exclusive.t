# RFC 1939 §3, RFC 2449 §8.1.2: where the operator wants it, a mailbox has one POP3 session at a time.
exclusive
deliver
M: Subject: one
M: 
C: STAT
S: +OK 1 16
2S: -ERR [IN-USE] another POP3 session has this mailbox
2over
C: DELE 1
S: +OK *
C: QUIT
S: +OK *
over
