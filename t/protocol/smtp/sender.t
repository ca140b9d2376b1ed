# Who is logged in sends from his own addresses (RFC 6409 section 6.1).
submission
auth-in-clear
check-sender
S: 220 *
C: EHLO client.test
S: ...
S: 250 AUTH *
C: AUTH PLAIN AGFubgBwdw==
S: 235 *
C: MAIL FROM:<ann@example.test>
S: 250 2.1.0 *
C: RSET
S: 250 *
C: MAIL FROM:<bob@example.test>
S: 553 5.7.1 <bob@example.test> is not an address of ann: *
# The transaction did not begin; what was pipelined behind it fails.
P: MAIL FROM:<boss@elsewhere.test>
C: RCPT TO:<bob@example.test>
S: 553 5.7.1 *
S: 503 5.5.1 *
C: MAIL FROM:<down@example.test>
S: 451 4.3.0 *
# A notification has no sender (RFC 8098 section 3).
C: MAIL FROM:<>
S: 250 2.1.0 *
C: RSET
S: 250 *
P: MAIL FROM:<team@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
# The header is not looked at here.
P: From: boss@elsewhere.test
P:
C: .
S: 250 2.0.0 queued as q1
E: *from=team@example.test*
