# ETRN (RFC 1985): those whom the operator names may have a destination tried now.
may-etrn
S: 220 *
C: ETRN example.org
S: 503 5.5.1 say EHLO first
C: EHLO client.test
S: ...
S: 250-ETRN
S: 250 STARTTLS
C: ETRN
S: 501 5.5.4 ETRN domain
C: ETRN two words
S: 501 5.5.4 *
C: ETRN @
S: 501 5.5.4 *
C: ETRN [192.0.2.1]
S: 501 5.5.4 *
C: ETRN example.org
S: 253 2.0.0 OK, 3 pending messages for node example.org started
C: ETRN @Example.ORG
S: 253 2.0.0 OK, 4 pending messages for node example.org started
C: ETRN idle.test
S: 251 2.0.0 OK, no messages waiting for node idle.test
C: ETRN busy.test
S: 458 4.3.0 unable to queue messages for node busy.test; *
C: ETRN #uucp
S: 459 4.7.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: ETRN example.org
S: 503 5.5.1 *
