# Mistakes end a session only when they are more than what was right: a list with dead addresses is no attack.
errors 3
S: 220 *
P: EHLO client.test
P: MAIL FROM:<a@b.test>
P: RCPT TO:<r1@example.test>
P: RCPT TO:<r2@example.test>
P: RCPT TO:<r3@example.test>
P: RCPT TO:<r4@example.test>
P: RCPT TO:<nobody@example.test>
P: RCPT TO:<nobody@example.test>
P: RCPT TO:<nobody@example.test>
C: RCPT TO:<nobody@example.test>
S: ...
S: 250 STARTTLS
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 550 5.1.1 *
S: 550 5.1.1 *
S: 550 5.1.1 *
S: 550 5.1.1 *
C: RCPT TO:<nobody@example.test>
S: 550 5.1.1 *
S: 421 4.7.0 too many errors, good bye
over
