# LMTP with BDAT: a chunk has one answer, the last one an answer for each recipient, refused or not.
lmtp
message-size 10
S: 220 *
C: LHLO client.test
S: ...
S: 250 STARTTLS
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: RCPT TO:<bob@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
R: BDAT 3\r\nx\r\nBDAT 3 LAST\r\ny\r\n
S: 250 2.0.0 3 octets received
S: 250 2.0.0 queued as q1
S: 250 2.0.0 queued as q1
E: from=a@b.test *
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: RCPT TO:<bob@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
R: BDAT 11\r\n12345678901BDAT 1 LAST\r\nx
S: 552 5.3.4 *
S: 503 5.5.1 *
S: 503 5.5.1 *
P: MAIL FROM:<a@b.test>
P: RCPT TO:<ann@example.test>
C: RCPT TO:<bob@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
R: BDAT 11 LAST\r\n12345678901NOOP\r\n
S: 552 5.3.4 *
S: 552 5.3.4 *
S: 250 2.0.0 ok
