# XCLIENT (Postfix's XCLIENT_README): a front end speaks for its client; the session then begins anew.
may-xclient
may-relay
S: 220 *
C: EHLO front.test
S: ...
S: 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT
S: 250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE
S: ...
S: 250 STARTTLS
C: XCLIENT
S: 501 5.5.4 *
C: XCLIENT ADDR
S: 501 5.5.4 *
C: XCLIENT ADDR=192.0.2.300
S: 501 5.5.4 *
C: XCLIENT WHAT=ever
S: 501 5.5.4 *
C: XCLIENT ADDR=192.0.2.1 ADDR=192.0.2.1
S: 501 5.5.4 *
C: XCLIENT PORT=70000
S: 501 5.5.4 *
C: XCLIENT PROTO=HTTP
S: 501 5.5.4 *
C: XCLIENT NAME=a+0Ab
S: 501 5.5.4 *
C: XCLIENT NAME=a+2
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: XCLIENT ADDR=198.51.100.7
S: 503 5.5.1 not within a message
C: RSET
S: 250 2.0.0 *
C: xclient name=[UNAVAILABLE] Addr=IPV6:2001:db8::7 port=4000 destaddr=192.0.2.1 destport=25 proto=ESMTP
S: 220 mx.example.test ESMTP jdmail
# Nothing is known from before, and the client may not what the front end may.
C: MAIL FROM:<a@b.test>
S: 503 5.5.1 say EHLO first
C: XCLIENT ADDR=192.0.2.1
S: 550 5.7.0 *
C: EHLO client.test
S: ...
S: 250-LIMITS *
S: 250 STARTTLS
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<someone@elsewhere.test>
S: 550 5.7.1 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test ip=2001:db8::7 helo=client.test with=ESMTP *
T: Received: from client.test ([IPv6:2001:db8::7])
