# RFC 2449 §6.5 and §6.7: what the operator has set is said, before login and after.
login-delay 90
keeps-days 30
door clear
S: +OK jdmail is ready
C: CAPA
S: +OK *
S: ...
S: LANG
S: LOGIN-DELAY 90
S: EXPIRE 30
S: IMPLEMENTATION jdmail
S: USER
S: SASL *
S: .
C: USER ann
S: +OK *
C: PASS pw
S: +OK logged in
C: CAPA
S: +OK *
S: ...
S: LANG
S: LOGIN-DELAY 90
S: EXPIRE 30
S: IMPLEMENTATION jdmail
S: .
