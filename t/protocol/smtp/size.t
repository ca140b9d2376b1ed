# SIZE (RFC 1870): refused before the message when declared, at its end when not; never cut.
message-size 40
S: 220 *
C: EHLO client.test
S: ...
S: 250-SIZE 40
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> SIZE=41
S: 552 5.3.4 *
C: MAIL FROM:<a@b.test> SIZE=
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> SIZE=-1
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> SIZE=99999999999999999999999999
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> SIZE=40
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
# 40 bytes, dots counted once: all that is allowed.
C: Subject: 789012345
C: 
C: ..34567890123456
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: Subject: 789012345
C: 
C: 123456789012345678
C: more
C: .
S: 552 5.3.4 *
C: NOOP
S: 250 2.0.0 *
