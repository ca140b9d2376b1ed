# A response that is too long ends the exchange (RFC 4954 §4): the next line is a command.
auth-in-clear
S: 220 *
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN
S: 334 *
long 13000
S: 500 5.5.2 line too long
C: NOOP
S: 250 2.0.0 ok
# 8 KB are within the bound: malformed, not too long.
C: AUTH PLAIN
S: 334 *
long 8192
S: 501 5.5.2 *
C: NOOP
S: 250 2.0.0 ok
