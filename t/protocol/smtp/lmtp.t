# LMTP (RFC 2033): LHLO only, and after the dot one answer for each recipient that was accepted.
lmtp
S: 220 mx.example.test LMTP jdmail
C: EHLO client.test
S: 500 5.5.1 *
C: HELO client.test
S: 500 5.5.1 *
C: MAIL FROM:<a@b.test>
S: 503 5.5.1 say LHLO first
C: LHLO client.test
S: 250-mx.example.test
S: 250-PIPELINING
S: ...
S: 250 STARTTLS
C: AUTH PLAIN
S: 502 5.5.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<nobody@example.test>
S: 550 5.1.1 *
C: RCPT TO:<someone@elsewhere.test>
S: 550 5.1.1 *
# §4.2: no recipient, no DATA, and the code is 503.
C: DATA
S: 503 5.5.1 no valid recipients
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: RCPT TO:<nobody@example.test>
S: 550 5.1.1 *
C: RCPT TO:<bob@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test rcpt=bob@example.test * with=LMTP *
# A refusal is told as often.
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
P: RCPT TO:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: RCPT TO:<cat@example.test>
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 250 2.1.5 *
refuse-commit
C: DATA
S: 354 *
C: .
S: 452 4.3.1 *
S: 452 4.3.1 *
S: 452 4.3.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
P: RCPT TO:<ann@example.test>
C: RCPT TO:<bob@example.test>
S: 250 2.1.5 *
S: 250 2.1.5 *
C: DATA
S: 354 *
R: a bare\rCR\r\n.\r\n
S: 554 5.6.0 *
S: 554 5.6.0 *
C: QUIT
S: 221 *
over
