# CHUNKING (RFC 3030): counted chunks; a refused one is read to its end all the same.
message-size 60
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
R: BDAT 6\r\nQUIT\r\n
S: 503 5.5.1 say MAIL first
C: BDAT
S: 501 5.5.4 *
C: BDAT x LAST
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
R: BDAT 6 LAST\r\nQUIT\r\n
S: 554 5.5.1 no valid recipients
C: RSET
S: 250 2.0.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 12\r\nSubject: x\r\n
S: 250 2.0.0 12 octets received
C: DATA
S: 503 5.5.1 *
C: MAIL FROM:<c@d.test>
S: 503 5.5.1 *
R: BDAT 7\r\n\r\n.\r\n.\r
S: 250 2.0.0 *
R: BDAT 1 last\r\n\n
S: 250 2.0.0 queued as q1
E: from=a@b.test *
T: Received: *
T: *
T: *
T: *
T: Subject: x
T: 
T: .
T: .
# An empty last chunk ends it as well; too large is told once.
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 3\r\nx\r\nBDAT 0 LAST\r\n
S: 250 2.0.0 3 octets received
S: 250 2.0.0 queued as q2
E: from=a@b.test *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 61 LAST\r\n1234567890123456789012345678901234567890123456789012345678901NOOP\r\n
S: 552 5.3.4 *
S: 250 2.0.0 ok
