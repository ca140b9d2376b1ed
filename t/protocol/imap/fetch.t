# Every item of FETCH, sections and parts of them, on a message with two parts.
deliver
M: From: Ann <ann@example.test>
M: To: bob@example.test
M: Subject: parts
M: Date: Tue, 14 Nov 2023 22:00:00 +0000
M: Message-ID: <1@example.test>
M: MIME-Version: 1.0
M: Content-Type: multipart/mixed; boundary=b
M: 
M: --b
M: Content-Type: text/plain
M: 
M: hello
M: --b
M: Content-Type: application/x-y; name=z
M: Content-Transfer-Encoding: base64
M: 
M: AAAA
M: --b--
C: a SELECT INBOX
S: ...
S: a OK *
C: b FETCH 1 FAST
S: * 1 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE *)
S: b OK *
C: c FETCH 1 ALL
S: * 1 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE * ENVELOPE ("Tue, 14 Nov 2023 22:00:00 +0000" "parts" (("Ann" NIL "ann" "example.test")) * "<1@example.test>"))
S: c OK *
C: d FETCH 1 (BODY BODYSTRUCTURE)
S: * 1 FETCH (BODY (("text" "plain" * "7bit" 5 *)("application" "x-y" ("name" "z") NIL NIL "base64" 4) "mixed") BODYSTRUCTURE (("text" "plain" *"mixed" ("boundary" "b") *))
S: d OK *
C: e FETCH 1 BODY.PEEK[1]
S: * 1 FETCH (BODY[1] {5}
S: hello)
S: e OK *
C: f FETCH 1 (BODY.PEEK[2.MIME] BODY.PEEK[2]<1.2>)
S: * 1 FETCH (BODY[2.MIME] {*}
S: Content-Type: application/x-y; name=z
S: Content-Transfer-Encoding: base64
S: 
S:  BODY[2]<1> {2}
S: AA)
S: f OK *
C: g FETCH 1 BODY.PEEK[HEADER.FIELDS (subject "To")]
S: * 1 FETCH (BODY[HEADER.FIELDS (subject To)] {40}
S: To: bob@example.test
S: Subject: parts
S: 
S: )
S: g OK *
C: h FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From To Subject Date Message-ID MIME-Version)]
S: * 1 FETCH (BODY[HEADER.FIELDS.NOT (*)] {*}
S: Content-Type: multipart/mixed; boundary=b
S: 
S: )
S: h OK *
# A part that is not there, and bytes beyond the end.
C: i FETCH 1 (BODY.PEEK[9] BODY.PEEK[1]<100.5>)
S: * 1 FETCH (BODY[9] NIL BODY[1]<100> {0}
S: )
S: i OK *
# Without PEEK the message is read now, and the client is told.
C: j FETCH 1 BODY[1]
S: * 1 FETCH (BODY[1] {5}
S: hello FLAGS (\Seen \Recent))
S: j OK *
C: k UID FETCH 1:* RFC822.HEADER
S: * 1 FETCH (UID 1 RFC822.HEADER {*}
S: ...
S: )
S: k OK *
C: l FETCH 2 FLAGS
S: l BAD *
C: m FETCH 1 BODY[MIME]
S: m BAD *
C: n FETCH 1 (FLAGS
S: n BAD *
C: o FETCH 1 BODY[]<0.0>
S: o BAD *
C: p UID FETCH 77 FLAGS
S: p OK *
C: q FETCH 1 (FLAGS) more
S: q BAD *
