# From the fifth mistake on an answer waits; what was answered before it leaves at once, and what the
# client has sent in the meantime is done afterwards.
tarpit
errors 8
S: 220 *
P: X1
P: X2
P: X3
P: NOOP
C: X4
S: 500 *
S: 500 *
S: 500 *
S: 250 *
S: 500 *
delays 0
P: X5
P: NOOP
C: X6
S: 500 *
S: 250 *
S: 500 *
delays 2
C: X7
S: 500 *
delays 3
P: X8
C: NOOP
S: 500 *
S: 421 4.7.0 too many errors, good bye
over
delays 4
