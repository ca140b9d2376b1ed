# No memory: what comes in is read to its end and refused for now; LMTP says so for each recipient.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
C: some lines
no-room
C: more
C: .
S: 452 4.3.1 too much mail is coming in at once; try again later
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 6\r\nabc
no-room
R: d\r\n
S: 452 4.3.1 *
R: BDAT 6 LAST\r\nabcd\r\n
S: 503 5.5.1 an earlier chunk was refused: RSET
# That was the last chunk: the transaction is over.
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 6 LAST\r\nabc
no-room
R: d\r\n
S: 452 4.3.1 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
