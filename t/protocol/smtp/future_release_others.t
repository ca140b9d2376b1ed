# Other hosts are not offered FUTURERELEASE: whoever may fill our queue for weeks has logged in.
max-hold 3600
S: 220 *
C: EHLO client.test
S: ...
S: 250-LIMITS *
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> HOLDFOR=60
S: 555 5.5.4 unknown parameter HOLDFOR
C: MAIL FROM:<a@b.test> HOLDUNTIL=2023-11-14T23:13:20Z
S: 555 5.5.4 unknown parameter HOLDUNTIL
