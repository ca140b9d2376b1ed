# RCPT (RFC 5321 §4.1.1.3): each recipient has an answer of its own, at once; the rest go on.
recipients 3
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT
S: 501 5.5.4 *
C: RCPT TO:<>
S: 501 5.1.3 *
C: RCPT TO:<ann>
S: 501 5.1.3 *
C: RCPT TO:<ann@example.test> SIZE=1
S: 555 5.5.4 *
C: RCPT TO:<nobody@example.test>
S: 550 5.1.1 *
C: RCPT TO:<busy@example.test>
S: 451 4.3.0 *
C: RCPT TO:<often@example.test>
S: 450 4.7.1 too many recipients from your address; try again later
C: RCPT TO:<someone@elsewhere.test>
S: 550 5.7.1 we do not relay for you: *
# A source route must not make us relay: only what stands behind it counts.
C: RCPT TO:<@example.test:someone@elsewhere.test>
S: 550 5.7.1 *
C: RCPT TO:<someone%elsewhere.test@example.test>
S: 250 2.1.5 *
C: RCPT TO:<Postmaster>
S: 250 2.1.5 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: RCPT TO:<bob@example.test>
S: 452 4.5.3 no more than 3 recipients at once: *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=someone%elsewhere.test@example.test rcpt=Postmaster rcpt=ann@example.test *
