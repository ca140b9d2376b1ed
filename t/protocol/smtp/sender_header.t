# The From field of those who are logged in, where that is asked for.
submission
auth-in-clear
check-header-from
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
P: From: "ann@example.test" <bob@example.test>
P:
C: .
S: 550 5.7.1 <bob@example.test> in From is not an address of ann: *
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
P: From: ann@example.test,
P:  Team <team@example.test>
P: from: elsewhere@example.net
P:
C: .
S: 550 5.7.1 <elsewhere@example.net> in From *
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
P: From: Ann <Ann@Example.test>, Team <team@example.test>
P: To: boss@elsewhere.test
P:
C: From: boss@elsewhere.test
C: .
S: 250 2.0.0 queued as q1
E: *
# Groups and repetitions hide nobody.
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
P: From: a:;, b:;, c:;, d:;, e:;, f:;, g:;, h:;, i:;, j:;, k:;, l:;, Boss <elsewhere@example.net>
P:
C: .
S: 550 5.7.1 <elsewhere@example.net> in From *
# Nobody can say: later.
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: BDAT 31 LAST
S: 250 *
S: 250 *
R: From: down@example.test\r\n\r\nab\r\n
S: 451 4.3.0 *
# No From, no claim.
P: MAIL FROM:<ann@example.test>
P: RCPT TO:<bob@example.test>
C: DATA
S: 250 *
S: 250 *
S: 354 *
P: Subject: x
P:
C: .
S: 250 2.0.0 queued as q2
E: *
