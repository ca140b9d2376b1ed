# RFC 5321 §4.1.1.1, 4.3.1: the greeting, EHLO and HELO, and names that are none.
S: 220 mx.example.test ESMTP jdmail
C: MAIL FROM:<a@b.test>
S: 503 5.5.1 say EHLO first
C: EHLO
S: 501 5.5.4 *
C: EHLO two words
S: 501 5.5.4 *
R: EHLO a\x01b\r\n
S: 501 5.5.4 *
C: HELO
S: 501 5.5.4 *
C: ehlo client.test
S: 250-mx.example.test
S: 250-PIPELINING
S: 250-SIZE 52428800
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-BINARYMIME
S: 250-DSN
S: 250-DELIVERBY 60
S: 250-LIMITS RCPTMAX=1000
S: 250 STARTTLS
# An address literal is a name too (§4.1.3); one that is none is no name.
C: EHLO [192.0.2.9]
S: ...
S: 250 STARTTLS
C: EHLO [IPv6:2001:db8::1]
S: ...
S: 250 STARTTLS
C: EHLO [x400:c=no]
S: ...
S: 250 STARTTLS
C: EHLO [300.1.1.1]
S: 501 5.5.4 this is no address literal: *
C: EHLO [IPv6:192.0.2.1::g]
S: 501 5.5.4 *
C: EHLO [192.0.2.9
S: 501 5.5.4 *
# RFC 6531 §3.7.1: before EHLO is answered nobody knows of UTF-8.
C: EHLO bücher.test
S: 501 5.5.4 say your host name in ASCII (A-labels)
C: HELO bücher.test
S: 501 5.5.4 *
# Names that are none by the letter are taken from hosts that mean well.
C: EHLO 192.0.2.9
S: ...
S: 250 STARTTLS
C: EHLO my_windows-box
S: ...
S: 250 STARTTLS
# HELO offers nothing, and EHLO again is a RSET (§4.1.4).
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 sender ok
C: HELO client.test
S: 250 mx.example.test
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 say MAIL first
C: MAIL FROM:<a@b.test> SIZE=10
S: 555 5.5.4 parameters need EHLO
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test> NOTIFY=NEVER
S: 555 5.5.4 parameters need EHLO
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: Subject: by HELO
C: 
C: x
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test rcpt=ann@example.test * with=SMTP *
C: QUIT
S: 221 2.0.0 mx.example.test good bye
over
