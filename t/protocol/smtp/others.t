# RSET, NOOP, VRFY, EXPN, HELP, QUIT (RFC 5321 §4.1.1.5 to 4.1.1.10), allowed before EHLO too.
S: 220 *
C: NOOP
S: 250 2.0.0 ok
C: HELP
S: 214 2.0.0 *
C: VRFY ann
S: 252 2.1.5 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: NOOP anything at all
S: 250 2.0.0 ok
C: HELP MAIL
S: 214 2.0.0 *
# No answer tells who exists (§7.3).
C: VRFY ann@example.test
S: 252 2.1.5 *
C: VRFY nobody@example.test
S: 252 2.1.5 *
C: VRFY
S: 501 5.5.4 *
# RFC 6531 §3.7.4.2: a name beyond ASCII needs the parameter here too.
C: VRFY 用户
S: 553 5.6.7 *
C: VRFY 用户 SMTPUTF8
S: 252 2.1.5 *
C: VRFY SMTPUTF8
S: 252 2.1.5 *
R: VRFY \xe4 SMTPUTF8\r\n
S: 501 5.5.2 *
C: EXPN staff
S: 502 5.5.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: NOOP
S: 250 2.0.0 ok
C: VRFY ann
S: 252 *
C: RSET now
S: 501 5.5.4 *
C: RSET
S: 250 2.0.0 ok
C: DATA
S: 503 5.5.1 *
C: QUIT now
S: 501 5.5.4 *
C: quit
S: 221 2.0.0 mx.example.test good bye
over
# What comes behind QUIT is not heard.
C: NOOP
