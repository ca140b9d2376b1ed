# Twenty mistakes end the session, with 421 as the last word (RFC 5321 §4.2.1).
S: 220 *
P: X1
P: X2
P: X3
P: X4
P: X5
P: X6
P: X7
P: X8
P: X9
P: X10
P: X11
P: X12
P: X13
P: X14
P: X15
P: X16
P: X17
P: X18
P: X19
P: X20
C: NOOP
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 500 5.5.1 unknown command
S: 421 4.7.0 too many errors, good bye
over
