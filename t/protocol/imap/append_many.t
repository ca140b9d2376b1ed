# MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), APPENDLIMIT (RFC 7889).
message-size 200
C: a APPEND Drafts (\Seen) "17-Jul-1996 02:44:25 -0700" {12+}
P: Subject: one (\Draft kw) {12+}
C: Subject: two
S: a OK [APPENDUID * 1:2] *
C: b SELECT Drafts
S: ...
S: b OK *
C: c FETCH 1:* (FLAGS BODY.PEEK[])
S: * 1 FETCH (FLAGS (\Seen \Recent) BODY[] {12}
S: Subject: one)
S: * 2 FETCH (FLAGS (\Draft \Recent kw) BODY[] {12}
S: Subject: two)
S: c OK *
# All or none: the second is refused, so the first is not there.
C: e APPEND Drafts {12+}
P: Subject: six (\Nonsense) {1+}
C: a
S: e BAD *
# An empty message takes the command back.
C: f APPEND Drafts {12+}
P: Subject: six {0+}
C: 
S: f NO *
C: g STATUS Drafts (MESSAGES APPENDLIMIT)
S: * STATUS Drafts (MESSAGES 2 APPENDLIMIT 200)
S: g OK *
C: h APPEND Archive CATENATE (TEXT {25+}
P: Subject: put together
P: 
P:  URL "/Drafts/;UID=2" TEXT {3+}
C: end URL "/Drafts/;UID=1/;PARTIAL=0.7" URL "/Drafts/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)")
S: h OK [APPENDUID * 1] *
C: i SELECT Archive
S: ...
S: i OK *
C: j FETCH 1 BODY.PEEK[]
S: * 1 FETCH (BODY[] {*}
S: Subject: put together
S: 
S: Subject: twoendSubjectSubject: one
S: 
S: )
S: j OK *
C: k APPEND Archive CATENATE (URL "imap://elsewhere.test/INBOX/;UID=1")
S: k NO [BADURL "imap://elsewhere.test/INBOX/;UID=1"] *
C: l APPEND Archive CATENATE (URL "/Drafts;UIDVALIDITY=1/;UID=1")
S: l NO [BADURL *] the mailbox is another one now
C: m APPEND Archive CATENATE (URL "/Drafts/;UID=99")
S: m NO [BADURL *] there is no such message
C: n APPEND Archive CATENATE (URL "/Drafts/;UID=1/;SECTION=7")
S: n NO [BADURL *] the message has no such part
C: o APPEND Archive CATENATE (SONG "x")
S: o BAD *
C: p APPEND Archive CATENATE (TEXT {150+}
P: 0123456789012345678901234567890123456789012345678901234567890123456789
P: 0123456789012345678901234567890123456789012345678901234567890123456789
P: 0123   TEXT {60+}
P: 0123456789012345678901234567890123456789012345678901234567
C: )
S: p NO [TOOBIG] *
C: q STATUS Archive (MESSAGES)
S: * STATUS Archive (MESSAGES 1)
S: q OK *
