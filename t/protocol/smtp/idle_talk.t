# A hundred commands in a row that lead to nothing are borne; each one more counts as a mistake.
errors 3
S: 220 *
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
P: NOOP
P: RSET
C: VRFY ann
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 250 *
S: 252 *
C: NOOP
S: 421 4.7.0 mx.example.test too many commands and no mail, good bye
over
