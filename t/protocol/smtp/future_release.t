# FUTURERELEASE (RFC 4865): for those who have logged in, up to the longest time that is announced.
submission
max-hold 3600
auth-in-clear
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
S: 250-STARTTLS
S: 250 AUTH *
C: AUTH PLAIN AGFubgBwdw==
S: 235 *
C: EHLO client.test
S: ...
S: 250-FUTURERELEASE 3600 2023-11-14T23:13:20Z
S: ...
S: 250 AUTH *
C: MAIL FROM:<ann@example.test> HOLDFOR=
S: 501 5.5.4 *
C: MAIL FROM:<ann@example.test> HOLDFOR=soon
S: 501 5.5.4 HOLDFOR=seconds
C: MAIL FROM:<ann@example.test> HOLDFOR=3601
S: 501 5.5.4 a message is held for 1h 0m at the most
C: MAIL FROM:<ann@example.test> HOLDUNTIL=2023-11-14T23:13:21Z
S: 501 5.5.4 a message is held for *
C: MAIL FROM:<ann@example.test> HOLDUNTIL=tomorrow
S: 501 5.5.4 HOLDUNTIL=date-time, *
C: MAIL FROM:<ann@example.test> HOLDUNTIL=2023-02-30T23:13:20Z
S: 501 5.5.4 HOLDUNTIL=date-time, *
C: MAIL FROM:<ann@example.test> HOLDFOR=60 HOLDUNTIL=2023-11-14T23:13:20Z
S: 501 5.5.4 HOLDFOR or HOLDUNTIL, and once
P: MAIL FROM:<ann@example.test> HOLDFOR=3600
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=ann@example.test * hold_until=1700003600000000000*
P: MAIL FROM:<ann@example.test> HOLDUNTIL=2023-11-15T07:00:00.5+08:00
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from=ann@example.test * hold_until=1700002800000000000*
