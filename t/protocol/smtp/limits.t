# LIMITS (RFC 9422): what is announced is what is held.
recipients 2
max-messages 2
S: 220 *
C: EHLO client.test
S: ...
S: 250-LIMITS RCPTMAX=2 MAILMAX=2
S: 250 STARTTLS
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
P: RCPT TO:<bob@example.test>
P: RCPT TO:<cat@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 452 4.5.3 *
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test rcpt=bob@example.test *
# A message that was not taken does not count.
P: MAIL FROM:<a@b.test>
C: RSET
S: 250 2.1.0 *
S: 250 2.0.0 *
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from=a@b.test *
C: MAIL FROM:<a@b.test>
S: 421 4.5.3 mx.example.test no more than 2 messages in one session
over
