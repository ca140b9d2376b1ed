# Submission (RFC 6409 §8): Date and Message-ID are added where they are missing, and nothing else.
submission
auth-in-clear
hide-client
S: 220 *
C: EHLO client.test
S: ...
S: 250 AUTH *
C: AUTH PLAIN AGFubgBwdw==
S: 235 *
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
C: From: ann@example.test
C: 
C: Date: this is no field
C: .
S: 250 *
E: from=ann@example.test *
# hide_client_ip: neither the address nor the name of the user's computer.
T: Received: from hidden.invalid
T: 	by mx.example.test with ESMTPA
T: 	for <bob@example.test>;
T: 	Tue, 14 Nov 2023 22:13:20 +0000
T: Date: Tue, 14 Nov 2023 22:13:20 +0000
T: Message-ID: <*@mx.example.test>
T: From: ann@example.test
T: 
T: Date: this is no field
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
C: message-id: <own@example.test>
C: DATE: yesterday
C: From: ann@example.test
C: .
S: 250 *
E: from=ann@example.test *
T: Received: *
T: *by *
T: *for *
T: *
T: message-id: <own@example.test>
T: DATE: yesterday
T: From: ann@example.test
# What is signed is as its signer left it.
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
C: DKIM-Signature: x
C: From: ann@example.test
C: .
S: 250 *
E: from=ann@example.test *
T: Received: *
T: *by *
T: *for *
T: *
T: DKIM-Signature: x
