# SMTP smuggling (2023; RFC 5321 §2.3.8, 4.1.1.4): only CR LF . CR LF ends a message. What others may
# take for an end does not end ours, and a message with a bare CR or LF is refused whole, so that the
# second one hidden in it is neither obeyed here nor handed on.
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
R: one\n.\nMAIL FROM:<x@y.test>\nRCPT TO:<bob@example.test>\nDATA\ntwo\r\n.\r\n
S: 554 5.6.0 message has a bare CR or LF: *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
R: one\n.\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\ntwo\r\n.\r\n
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
R: one\r\n.\nMAIL FROM:<x@y.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\ntwo\r\n.\r\n
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
R: one\r\n.\rMAIL FROM:<x@y.test>\r.\rtwo\r.\r\n\r\n.\r\n
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
R: one\r\n\0.\r\n.\0\r\n.\r\r\n.\r\n
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
C: DATA
S: 354 *
# A NUL is a byte like any other, and no end.
R: one\r\n\0.\r\n.\0\r\n.\r\n
S: 250 2.0.0 queued as q1
E: from=a@b.test *
# BDAT is counted, not searched: the same bytes end nothing there. With bare ones it is refused too,
# for DATA could not carry it on as it is.
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 24 LAST\r\none\r\n.\r\nMAIL FROM:<>\r\n\r\n
S: 250 2.0.0 queued as q2
E: from=a@b.test *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 6\r\none\n.\nBDAT 4 LAST\r\nx\r\n.
S: 250 2.0.0 *
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 5 LAST\r\none\r.
S: 554 5.6.0 *
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 250 2.1.0 *
S: 250 2.1.5 *
R: BDAT 4 LAST\r\none\r
S: 554 5.6.0 *
