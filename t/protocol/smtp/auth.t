# AUTH (RFC 4954): PLAIN (RFC 4616) with and without initial response, LOGIN, cancelled, malformed.
auth-in-clear
S: 220 *
C: AUTH PLAIN AGFubgBwdw==
S: 503 5.5.1 say EHLO first
C: HELO client.test
S: 250 *
C: AUTH PLAIN AGFubgBwdw==
S: 503 5.5.1 say EHLO first
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: AUTH
S: 501 5.5.4 *
C: AUTH CRAM-MD5
S: 504 5.5.4 *
C: AUTH PLAIN a b
S: 501 5.5.4 *
C: AUTH PLAIN !!!
S: 501 5.5.2 *
# Base64 of "ann pw": no NULs.
C: AUTH PLAIN YW5uIHB3
S: 501 5.5.2 *
C: AUTH PLAIN =
S: 501 5.5.2 *
C: AUTH PLAIN
S: 334 *
C: *
S: 501 5.7.0 authentication cancelled
# After the exchange a line is a command again.
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YW5u
S: 334 UGFzc3dvcmQ6
C: *
S: 501 5.7.0 *
C: NOOP
S: 250 2.0.0 *
C: AUTH LOGIN
S: 334 *
C: not base64
S: 501 5.5.2 *
# Wrong password; another's rights; a directory that does not answer.
C: AUTH PLAIN AGFubgBubw==
S: 535 5.7.8 *
C: AUTH PLAIN Ym9iAGFubgBwdw==
S: 535 5.7.8 *
C: AUTH PLAIN AGRvd24AcHc=
S: 454 4.7.0 *
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: AUTH PLAIN AGFubgBwdw==
S: 503 5.5.1 not within a message
C: RSET
S: 250 2.0.0 *
C: auth login YW5u
S: 334 UGFzc3dvcmQ6
C: cHc=
S: 235 2.7.0 *
C: AUTH PLAIN AGFubgBwdw==
S: 503 5.5.1 you are logged in
# Who has logged in may send anywhere.
C: MAIL FROM:<ann> 
S: 501 5.1.7 *
C: MAIL FROM:<ann@example.test> AUTH=ann@example.test
S: 250 2.1.0 *
C: RCPT TO:<someone@elsewhere.test>
S: 250 2.1.5 recipient ok, will be relayed
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=ann@example.test rcpt=someone@elsewhere.test user=ann * with=ESMTPA *
