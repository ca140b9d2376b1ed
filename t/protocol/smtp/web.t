# A browser or a proxy that was made to speak to us (cross-protocol attacks): gone with its first line.
S: 220 *
P: POST / HTTP/1.1
P: Host: mx.example.test
P: 
P: MAIL FROM:<a@b.test>
C: RCPT TO:<ann@example.test>
S: 421 4.7.0 this is no web server
over
