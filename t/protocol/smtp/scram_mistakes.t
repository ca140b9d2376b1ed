# What is no SCRAM message, and a client that was made to believe that there is no -PLUS.
tls-at-once
S: 220 *
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
# "n,,n=user": no nonce.
C: AUTH SCRAM-SHA-256 biwsbj11c2Vy
S: 501 5.5.2 *
C: AUTH SCRAM-SHA-256 =
S: 501 5.5.2 *
C: AUTH SCRAM-SHA-256
S: 334 
C: *
S: 501 5.7.0 authentication cancelled
# "n,,n=user,r=abc" with -PLUS: it must bind (RFC 5802 section 6).
C: AUTH SCRAM-SHA-256-PLUS biwsbj11c2VyLHI9YWJj
S: 501 5.5.2 *
# "p=tls-unique,,n=user,r=abc": a binding that is not ours.
C: AUTH SCRAM-SHA-256-PLUS cD10bHMtdW5pcXVlLCxuPXVzZXIscj1hYmM=
S: 535 5.7.8 *
# After the first message anything may come, a command is none of it.
C: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YWJj
S: 334 *
C: NOOP
S: 501 5.5.2 *
C: NOOP
S: 250 *
