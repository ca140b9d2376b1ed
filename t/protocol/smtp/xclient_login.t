# XCLIENT with a login and a HELO: the front end has asked for both.
submission
may-xclient
S: 220 *
C: XCLIENT ADDR=198.51.100.7 NAME=pc.example.test LOGIN=ann@example.test HELO=pc PROTO=ESMTP
S: 220 *
C: MAIL FROM:<ann@example.test> SIZE=10
S: 250 2.1.0 *
C: RCPT TO:<someone@elsewhere.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: x
C: 
C: .
S: 250 2.0.0 queued as q1
E: from=ann@example.test * user=ann@example.test ip=198.51.100.7 host=pc.example.test helo=pc with=ESMTPA *
T: Received: from pc (pc.example.test [198.51.100.7])
# One whose address the front end does not know may nothing.
C: XCLIENT ADDR=192.0.2.1
S: 550 5.7.0 you may not speak for others
