# 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531): what the envelope then says, and what needs them.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test> BODY=8BITMIME
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
R: Subject: x\r\n\r\n\xe4\xff\r\n.\r\n
S: 250 2.0.0 queued as q1
E: * body=8bit *
T: Received: *
T: *by mx.example.test with ESMTP
T: *
T: *
T: Subject: x
T: 
# Eight bits that were not announced are kept, and the envelope tells the truth.
C: MAIL FROM:<a@b.test> BODY=7BIT
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
R: Subject: x\r\n\r\n\xe4\r\n.\r\n
S: 250 2.0.0 queued as q2
E: * body=8bit *
# An address beyond ASCII is taken with SMTPUTF8 only (RFC 6531 §3.5: 553), and only as UTF-8.
C: MAIL FROM:<jürgen@b.test>
S: 553 5.6.7 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<用户@example.test>
S: 553 5.6.7 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<jürgen@bücher.test> SMTPUTF8 BODY=8BITMIME
S: 250 2.1.0 *
C: RCPT TO:<用户@example.test>
S: 250 2.1.5 *
R: RCPT TO:<\xe4@example.test>\r\n
S: 501 5.1.3 *
C: DATA
S: 354 *
C: Subject: Grüße
C: 
C: .
S: 250 2.0.0 queued as q3
E: from=jürgen@bücher.test rcpt=用户@example.test body=8bit utf8=1 * with=UTF8SMTP *
C: MAIL FROM:<a@b.test> SMTPUTF8=yes
S: 501 5.5.4 *
