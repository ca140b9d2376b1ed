# With TLS from the first byte STARTTLS is not offered and AUTH is; without a certificate neither is.
tls-at-once
S: 220 mx.example.test ESMTP jdmail
C: EHLO client.test
S: 250-mx.example.test
S: ...
S: 250-DSN
S: 250-DELIVERBY *
S: 250-LIMITS *
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: STARTTLS
S: 503 5.5.1 TLS is on
