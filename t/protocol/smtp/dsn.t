# DSN (RFC 3461): RET, ENVID, NOTIFY, ORCPT come into the envelope; what is malformed is refused.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> RET=ALL
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> ENVID=
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> ENVID=a+b
S: 501 5.5.4 ENVID=xtext, *
C: MAIL FROM:<a@b.test> ENVID=a+2
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> ENVID=12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> RET=FULL RET=HDRS
S: 501 5.5.4 RET twice
C: MAIL FROM:<a@b.test> RET=HDRS ENVID=QQ+2B314159
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test> NOTIFY=SOMETIMES
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> NOTIFY=NEVER,FAILURE
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=ann
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=;ann
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=rfc822;
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=rf/c;ann
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=rfc822;an+n
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> ORCPT=rfc822;用户
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> NOTIFY=NEVER NOTIFY=NEVER
S: 501 5.5.4 NOTIFY twice
C: RCPT TO:<ann@example.test> NOTIFY=
S: 501 5.5.4 *
C: RCPT TO:<ann@example.test> NOTIFY=success,DELAY ORCPT=rfc822;Ann+40example.test
S: 250 2.1.5 *
C: RCPT TO:<cat@example.test> ORCPT=utf-8;用户@example.test
S: 250 2.1.5 *
C: RCPT TO:<bob@example.test> NOTIFY=NEVER
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test notify=success,delay orcpt=rfc822;Ann+40example.test rcpt=cat@example.test orcpt=utf-8;用户@example.test rcpt=bob@example.test notify=never ret=hdrs envid=QQ+2B314159 *
