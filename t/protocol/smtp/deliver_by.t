# DELIVERBY (RFC 2852): the time, what then, and whether hops are told; what cannot be promised is refused.
S: 220 *
C: EHLO client.test
S: ...
S: 250-DELIVERBY 60
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> BY
S: 501 5.5.4 BY=seconds;R, *
C: MAIL FROM:<a@b.test> BY=600
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=600;
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=600;X
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=600;RX
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=;R
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=1234567890;R
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=0;R
S: 501 5.5.4 BY: the time is over already
C: MAIL FROM:<a@b.test> BY=-5;R
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> BY=59;R
S: 555 5.5.4 BY: less than 1m 0s cannot be promised
# The clock stands at 1700000000.
P: MAIL FROM:<a@b.test> BY=600;RT
P: RCPT TO:<ann@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test * by=1700000600000000000 by_mode=return,trace*
# A notice may be wanted at once, or be late already.
P: MAIL FROM:<a@b.test> by=-10;n
P: RCPT TO:<ann@example.test>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 queued as q2
E: from=a@b.test * by=1699999990000000000 by_mode=notify*
