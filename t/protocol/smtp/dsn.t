# DSN (RFC 3461): RET, ENVID, NOTIFY, ORCPT come into the envelope; what is malformed is refused.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> RET=ALL
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> ENVID=
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> RET=HDRS ENVID=QQ314159
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test> NOTIFY=SOMETIMES
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> NOTIFY=NEVER,FAILURE
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=ann
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> NOTIFY=success,DELAY ORCPT=rfc822;Ann+40example.test
S: 250 2.1.5 *
C: RCPT TO:<bob@example.test> NOTIFY=NEVER
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test notify=success,delay orcpt=rfc822;Ann+40example.test rcpt=bob@example.test notify=never ret=hdrs envid=QQ314159 *
