# Who may relay by his address may send anywhere; LMTP and strangers may not (lmtp.t, rcpt.t).
may-relay
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 *
C: RCPT TO:<someone@elsewhere.test>
S: 250 2.1.5 recipient ok, will be relayed
C: RCPT TO:<nobody@example.test>
S: 550 5.1.1 *
