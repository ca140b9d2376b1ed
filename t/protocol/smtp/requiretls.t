# REQUIRETLS (RFC 8689): offered and taken in TLS only; the envelope says so to the rest of the way.
S: 220 *
C: EHLO client.test
S: 250-mx.example.test
S: 250-PIPELINING
S: 250-SIZE *
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-BINARYMIME
S: 250-DSN
S: 250-DELIVERBY *
S: 250-LIMITS *
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> REQUIRETLS
S: 530 5.7.0 REQUIRETLS is for sessions in TLS: *
C: STARTTLS
S: 220 *
secured
C: EHLO client.test
S: ...
S: 250-REQUIRETLS
S: ...
S: 250 AUTH *
C: MAIL FROM:<a@b.test> REQUIRETLS=yes
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> REQUIRETLS
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test * requiretls=1*
# The next message has no part in it.
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from=a@b.test rcpt=ann@example.test ip=192.0.2.9 helo=client.test with=ESMTPS size=*
