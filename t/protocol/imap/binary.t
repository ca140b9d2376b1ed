# RFC 3516: parts with their transfer encoding undone; and a literal8 to APPEND.
deliver
M: From: ann@example.test
M: Content-Type: multipart/mixed; boundary=b
M: 
M: --b
M: Content-Type: text/plain; charset=utf-8
M: Content-Transfer-Encoding: quoted-printable
M: 
M: caf=C3=A9
M: --b
M: Content-Type: application/octet-stream
M: Content-Transfer-Encoding: base64
M: 
M: AAECAw==
M: --b
M: Content-Type: application/octet-stream
M: Content-Transfer-Encoding: x-mystery
M: 
M: ????
M: --b--
C: a SELECT INBOX
S: ...
S: a OK *
C: b FETCH 1 BINARY.SIZE[1]
S: * 1 FETCH (BINARY.SIZE[1] 5)
S: b OK *
C: c FETCH 1 (BINARY.PEEK[1] FLAGS)
S: * 1 FETCH (BINARY[1] {5}
S: café FLAGS (\Recent))
S: c OK *
# NUL bytes come as a literal8.
C: d FETCH 1 (BINARY.SIZE[2] BINARY[2]<1.2>)
S: * 1 FETCH (BINARY.SIZE[2] 4 BINARY[2]<1> {2}
S: * FLAGS (\Seen \Recent))
S: d OK *
C: e FETCH 1 BINARY.PEEK[2]<0.2>
S: * 1 FETCH (BINARY[2]<0> ~{2}
S: *)
S: e OK *
C: f FETCH 1 BINARY[3]
S: f NO [UNKNOWN-CTE] *
C: g FETCH 1 BINARY.PEEK[4]
S: * 1 FETCH (BINARY[4] NIL)
S: g OK *
C: h FETCH 1 BINARY[1.MIME]
S: h BAD *
C: i FETCH 1 BINARY.SIZE[1]<0.4>
S: i BAD *
C: j APPEND Drafts ~{15+}
C: Subject: x\0?\0
S: j OK [APPENDUID * 1] *
R: k APPEND Drafts ~{5+}\r\nA: \0x\r\n
S: k NO [UNKNOWN-CTE] *
