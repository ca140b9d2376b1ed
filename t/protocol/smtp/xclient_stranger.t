# Strangers may not speak for others, nor ask for mail.
S: 220 *
C: EHLO client.test
S: ...
S: 250-LIMITS *
S: 250 STARTTLS
C: XCLIENT ADDR=127.0.0.1
S: 550 5.7.0 you may not speak for others
C: XFORWARD ADDR=127.0.0.1
S: 550 5.7.0 you may not speak for others
C: ETRN example.org
S: 459 4.7.1 node example.org not allowed: *
