# XFORWARD (Postfix's XFORWARD_README): whom the next message came from; the session stays the front end's.
may-xclient
S: 220 *
C: XFORWARD NAME=client.test ADDR=198.51.100.7
S: 250 2.0.0 ok
C: EHLO front.test
S: ...
S: 250 STARTTLS
C: XFORWARD HELO=pc PROTO=SMTP PORT=4000 IDENT=abc SOURCE=REMOTE
S: 250 2.0.0 ok
C: XFORWARD SOURCE=ELSEWHERE
S: 501 5.5.4 *
C: XFORWARD LOGIN=x
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: XFORWARD ADDR=198.51.100.8
S: 503 5.5.1 not within a message
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test ip=198.51.100.7 host=client.test helo=pc with=ESMTP *
T: Received: from front.test ([192.0.2.9])
# Of that message only.
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from=a@b.test rcpt=ann@example.test ip=192.0.2.9 helo=front.test with=ESMTP *
