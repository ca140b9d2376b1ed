# Submission (RFC 6409): nothing is taken before the login, and anywhere behind it.
submission
S: 220 mx.example.test ESMTP jdmail
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<ann@example.test>
S: 530 5.7.0 log in first
C: RCPT TO:<ann@example.test>
S: 503 5.5.1 *
C: STARTTLS
S: 220 *
secured
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: MAIL FROM:<ann@example.test>
S: 530 5.7.0 log in first
C: AUTH PLAIN
S: 334 *
C: AGFubgBwdw==
S: 235 2.7.0 *
C: MAIL FROM:<ann@example.test>
S: 250 2.1.0 *
C: RCPT TO:<someone@elsewhere.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: Subject: x
C: 
C: .
S: 250 2.0.0 queued as q1
E: from=ann@example.test * user=ann * with=ESMTPSA *
# EHLO again does not log out.
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: MAIL FROM:<ann@example.test>
S: 250 2.1.0 *
