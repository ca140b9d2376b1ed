# RFC 2449 §8.1, RFC 3206: [SYS/TEMP], [LOGIN-DELAY], [AUTH]; a refused client may try again at once.
door clear
S: +OK jdmail is ready
C: STLS
S: -ERR TLS is not available here
P: USER temp
C: PASS pw
S: +OK *
S: -ERR [SYS/TEMP] cannot log you in now; try again later
P: USER full
C: PASS pw
S: +OK *
S: -ERR [SYS/TEMP] the mailbox is not available now; try again later
P: USER soon
C: PASS pw
S: +OK *
S: -ERR [LOGIN-DELAY] you logged in a moment ago; try again later
# base64 of "bob", NUL, "ann", NUL, "pw": another account than one's own
C: AUTH PLAIN Ym9iAGFubgBwdw==
S: -ERR [AUTH] acting as another account is not possible
P: USER ann
P: PASS pw
C: STAT
S: +OK *
S: +OK logged in
S: +OK 0 0
C: QUIT
S: +OK see you
over
