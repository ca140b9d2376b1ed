# DATA (RFC 5321 §4.1.1.4, 4.5.2): our Received field in front, dots taken off, all bytes kept.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: DATA
S: 503 5.5.1 say MAIL first
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: DATA
S: 554 5.5.1 no valid recipients
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA now
S: 501 5.5.4 *
C: DATA
S: 354 *
C: Subject: x
C: 
C: ..
C: ...
C: .dot
C: QUIT
C: 
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test ip=192.0.2.9 helo=client.test with=ESMTP *
T: Received: from client.test ([192.0.2.9])
T: 	by mx.example.test with ESMTP
T: 	for <ann@example.test>;
T: 	Tue, 14 Nov 2023 22:13:20 +0000
T: Subject: x
T: 
T: .
T: ..
T: dot
T: QUIT
T: 
# The transaction is over; the next begins with MAIL. An empty message is a message.
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 *
C: MAIL FROM:<>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
# With two recipients none is named: their names would tell blind copies (§7.2).
C: RCPT TO:<bob@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from= rcpt=ann@example.test rcpt=bob@example.test *
T: Received: from client.test ([192.0.2.9])
T: 	by mx.example.test with ESMTP;
T: 	*
# Not stored: a 4xx, and the session goes on.
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
refuse-commit
C: DATA
S: 354 *
C: x
C: .
S: 452 4.3.1 no space left; try again later
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 *
# Refused for good: a 5xx, and the session goes on as well.
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
refuse-commit perm
C: DATA
S: 354 *
C: x
C: .
S: 554 5.3.0 the message cannot be taken
C: NOOP
S: 250 2.0.0 *
