# Idle for too long (RFC 5321 §4.5.3.2.7): 421 and the end.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
dismiss
S: 421 4.4.2 mx.example.test idle too long, good bye
over
