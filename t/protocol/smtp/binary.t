# BINARYMIME (RFC 3030): by BDAT alone. What is lines is kept byte for byte; a part that is not becomes
# base64, for mailboxes have lines; what cannot be encoded is refused and not bent.
S: 220 *
C: EHLO client.test
S: ...
S: 250-BINARYMIME
S: ...
S: 250 STARTTLS
P: MAIL FROM:<a@b.test> BODY=BINARYMIME
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 503 5.5.1 BODY=BINARYMIME comes by BDAT
R: BDAT 32 LAST\r\nContent-Type: text/plain\r\n\r\nx\xe4\r\n
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test body=8bit *
T: Received: *
T: *
T: *
T: *
T: Content-Type: text/plain
T: 
T: x*
# Bare LF, bare CR and NUL in a part: "a\nb\rc\0" is YQpiDWMA.
P: MAIL FROM:<a@b.test> BODY=BINARYMIME
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 52\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n
S: 250 2.0.0 52 octets received
R: BDAT 81 LAST\r\none\r\n--b\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\rc\0\r\n--b--\r\n
S: 250 2.0.0 queued as q2
E: from=a@b.test rcpt=ann@example.test body=8bit *
T: Received: *
T: *
T: *
T: *
T: Content-Type: multipart/mixed; boundary=b
T: 
T: --b
T: 
T: one
T: --b
T: Content-Type: x/y
T: Content-Transfer-Encoding: base64
T: 
T: YQpiDWMA
T: 
T: --b--
# In the header nothing can be encoded, and what is signed may not be.
P: MAIL FROM:<a@b.test> BODY=BINARYMIME
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 21 LAST\r\nSubject: a\rb\r\n\r\nx\ny\r\n
S: 554 5.6.3 *
P: MAIL FROM:<a@b.test> BODY=BINARYMIME
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 28 LAST\r\nDKIM-Signature: x\r\n\r\nx\ny\r\n..
S: 554 5.6.3 *
C: QUIT
S: 221 *
over
