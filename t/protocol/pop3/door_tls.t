# RFC 2595 §2.1: no password in clear, and CAPA says so; QUIT before login.
door tls
S: +OK jdmail is ready
C: CAPA
S: +OK *
S: ...
S: IMPLEMENTATION jdmail
S: STLS
S: .
C: USER ann
S: -ERR [SYS/PERM] use STLS first: passwords are taken over TLS only
C: PASS pw
S: -ERR [SYS/PERM] use STLS first: passwords are taken over TLS only
C: AUTH PLAIN
S: -ERR [SYS/PERM] use STLS first: passwords are taken over TLS only
C: STLS
S: +OK begin TLS now
C: USER ann
S: +OK and the password?
C: QUIT
S: +OK good bye
over
