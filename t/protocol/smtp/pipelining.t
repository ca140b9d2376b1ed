# PIPELINING (RFC 2920): several transactions in one piece, every answer in order, none lost.
S: 220 *
P: EHLO client.test
P: MAIL FROM:<a@b.test>
P: RCPT TO:<nobody@example.test>
P: RCPT TO:<ann@example.test>
P: DATA
P: Subject: one
P: 
P: ..
P: .
P: MAIL FROM:<c@d.test>
P: RCPT TO:<nobody@example.test>
P: DATA
P: MAIL FROM:<e@f.test>
P: RSET
P: MAIL FROM:<g@h.test>
P: RCPT TO:<bob@example.test>
P: DATA
P: .
P: NOOP
P: QUIT
C: NOOP
S: ...
S: 250 STARTTLS
S: 250 2.1.0 *
S: 550 5.1.1 *
S: 250 2.1.5 *
S: 354 *
S: 250 2.0.0 queued as q1
S: 250 2.1.0 *
S: 550 5.1.1 *
S: 554 5.5.1 *
S: 503 5.5.1 *
S: 250 2.0.0 *
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
S: 250 2.0.0 queued as q2
S: 250 2.0.0 *
S: 221 2.0.0 *
over
E: from=a@b.test rcpt=ann@example.test *
E: from=g@h.test rcpt=bob@example.test *
