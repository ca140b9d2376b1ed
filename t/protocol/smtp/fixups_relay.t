# What other hosts send on port 25 is not mended: it is theirs.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
C: From: a@b.test
C: 
C: .
S: 250 *
E: from=a@b.test *
T: Received: *
T: *by *
T: *for *
T: *
T: From: a@b.test
T: 
