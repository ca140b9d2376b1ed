# No certificate: STARTTLS is not offered, and RFC 3207 §4 has 454 for who asks all the same.
no-tls
S: 220 *
C: EHLO client.test
S: ...
S: 250 LIMITS *
C: STARTTLS
S: 454 4.7.0 *
C: AUTH PLAIN
S: 538 5.7.11 *
