# Command lines: bare LF is taken (it ends a command, never a message), a bare CR and NUL are not; what
# is too long is refused once and thrown away to its end.
S: 220 *
R: NOOP\n
S: 250 2.0.0 ok
R: NOOP\r\r\n
S: 500 5.5.1 *
R: NO\0OP\r\n
S: 500 5.5.2 *
R: NOOP\0\r\n
S: 500 5.5.2 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
R: MAIL FROM:<a@b.test>\rRCPT TO:<ann@example.test>\r\n
S: 501 5.1.7 *
long 2100
S: 500 5.5.2 line too long
C: NOOP
S: 250 2.0.0 ok
long 100000
S: 500 5.5.2 line too long
# 2,000 bytes are within the bound: they are only unknown.
long 2000
S: 500 5.5.1 unknown command
C: 
S: 500 5.5.1 *
C:  NOOP
S: 500 5.5.1 *
C: NOOP
S: 250 2.0.0 ok
