# RFC 1939 §4: the authorization state, every command with every answer; RFC 3206: what an error is about.
door tls clear
S: +OK jdmail is ready
C: CAPA
S: +OK *
S: TOP
S: UIDL
S: PIPELINING
S: RESP-CODES
S: AUTH-RESP-CODE
S: UTF8 USER
S: LANG
S: EXPIRE NEVER
S: IMPLEMENTATION jdmail
S: STLS
S: USER
S: SASL SCRAM-SHA-256 PLAIN LOGIN OAUTHBEARER XOAUTH2
S: .
C: XYZZY
S: -ERR log in first
C: NOOP
S: +OK
C: STAT
S: -ERR log in first
C: PASS pw
S: -ERR USER first
C: USER
S: -ERR USER takes a name
C: USER ann
S: +OK and the password?
C: PASS
S: -ERR PASS takes a password
C: PASS no
S: -ERR [AUTH] wrong user name or password
C: AUTH
S: +OK mechanisms
S: SCRAM-SHA-256
S: PLAIN
S: LOGIN
S: OAUTHBEARER
S: XOAUTH2
S: .
C: AUTH NTLM
S: -ERR unknown mechanism: CAPA lists those that are known
C: AUTH PLAIN
S: + 
C: *
S: -ERR cancelled
C: AUTH PLAIN !
S: -ERR malformed authentication data
C: STLS
S: +OK begin TLS now
C: STLS
S: -ERR TLS is on
S: -ERR too many errors
over
