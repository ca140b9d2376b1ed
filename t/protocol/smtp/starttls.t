# STARTTLS (RFC 3207): what is sent behind it in the clear is thrown away (command injection,
# CVE-2011-0411), and nothing from before the handshake is known behind it (§4.2).
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: AUTH PLAIN AGFubgBwdw==
S: 538 5.7.11 say STARTTLS first: *
C: STARTTLS now
S: 501 5.5.4 *
C: MAIL FROM:<before@b.test>
S: 250 2.1.0 *
P: STARTTLS
P: MAIL FROM:<injected@b.test>
P: RCPT TO:<ann@example.test>
C: DATA
S: 220 2.0.0 go ahead
secured
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 say MAIL first
C: MAIL FROM:<a@b.test>
S: 503 5.5.1 say EHLO first
C: EHLO client.test
S: ...
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: STARTTLS
S: 503 5.5.1 TLS is on
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 queued as q1
E: from=a@b.test * with=ESMTPS *
T: Received: from client.test ([192.0.2.9])
T: 	(using TLSv1.3 TLS_AES_256_GCM_SHA384)
T: 	by mx.example.test with ESMTPS
