# RFC 2449 §5: what CAPA says in the transaction state; RFC 3206: AUTH-RESP-CODE.  Only what is true.
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
S: .
C: CAPA x
S: -ERR CAPA takes nothing
