# MAIL (RFC 5321 §4.1.1.2): paths and parameters, right and wrong; each wrong one leaves no transaction.
errors 100
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL
S: 501 5.5.4 MAIL FROM:<address>
C: MAIL TO:<a@b.test>
S: 501 5.5.4 *
C: MAIL FROM:
S: 501 5.1.7 *
C: MAIL FROM:a@b.test
S: 501 5.1.7 *
C: MAIL FROM:<a@b.test
S: 501 5.1.7 *
C: MAIL FROM:<a b@b.test>
S: 501 5.1.7 *
C: MAIL FROM:<a@>
S: 501 5.1.7 *
C: MAIL FROM:<a@b.test>SIZE=1
S: 501 5.1.7 *
C: MAIL FROM:<postmaster>
S: 501 5.1.7 *
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 *
# The null path, a source route that is heard and ignored, quoted and odd local parts, literals.
C: MAIL FROM:<>
S: 250 2.1.0 *
C: MAIL FROM:<a@b.test>
S: 503 5.5.1 *
C: RSET
S: 250 2.0.0 *
C: mail from: <@one.test,@two.test:a@b.test>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<"a b\"c"@b.test>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<a@[IPv6:2001:db8::1]>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<a@[300.1.1.1]>
S: 501 5.1.7 *
C: MAIL FROM:<a@[192.0.2.1]>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<"a@b"@[tag:any-text]>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<a@[tag:]>
S: 501 5.1.7 *
C: MAIL FROM:<@one.test:@two.test:a@b.test>
S: 501 5.1.7 *
C: MAIL FROM:<@one.test>
S: 501 5.1.7 *
C: MAIL FROM:<"a>@b.test>
S: 501 5.1.7 *
R: MAIL FROM:<"a\\\\"@b.test>\r\n
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
# §4.5.3.1: 64 octets of local part, 255 of domain, 63 of a label.
C: MAIL FROM:<1234567890123456789012345678901234567890123456789012345678901234@b.test>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<12345678901234567890123456789012345678901234567890123456789012345@b.test>
S: 501 5.1.7 *
C: MAIL FROM:<a@1234567890123456789012345678901234567890123456789012345678901234.test>
S: 501 5.1.7 *
C: MAIL FROM:<a@b.test> BODY
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> WHAT=EVER
S: 555 5.5.4 unknown parameter WHAT
C: MAIL FROM:<a@b.test> SIZE=10 SIZE=10
S: 501 5.5.4 SIZE twice
C: MAIL FROM:<a@b.test> BODY=
S: 501 5.5.4 BODY= has no value
C: MAIL FROM:<a@b.test> =10
S: 555 5.5.4 *
C: MAIL FROM:<a@b.test> AUTH=a=b
S: 501 5.5.4 *
C: MAIL FROM:<a@b.test> AUTH=e+3Dmc2@example.com
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<a@b.test>  SIZE=10   BODY=7BIT AUTH=<>
S: 250 2.1.0 *
