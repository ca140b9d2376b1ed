# All kinds of keys, alone and together.
deliver
M: From: Ann <ann@example.test>
M: To: bob@example.test
M: Subject: =?utf-8?B?R3LDvMOfZQ==?=
M: Date: Mon, 13 Nov 2023 23:30:00 -0500
M: 
M: The quick brown fox
deliver
M: From: Carl <carl@example.test>
M: To: bob@example.test
M: Cc: ann@example.test
M: Subject: second
M: X-Colour: blue
M: 
M: lazy dog, and more of it
C: a SELECT INBOX
S: ...
S: a OK *
C: b STORE 2 FLAGS (\Answered urgent)
S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft urgent)
S: * 2 FETCH (FLAGS (\Answered \Recent urgent))
S: b OK *
C: c01 SEARCH ALL
S: * SEARCH 1 2
S: c01 OK *
C: c02 SEARCH FROM ann
S: * SEARCH 1
S: c02 OK *
C: c03 SEARCH CC ANN
S: * SEARCH 2
S: c03 OK *
C: c04 SEARCH TO bob NOT ANSWERED
S: * SEARCH 1
S: c04 OK *
C: c05 SEARCH OR KEYWORD urgent SUBJECT nothing
S: * SEARCH 2
S: c05 OK *
C: c06 SEARCH HEADER X-Colour ""
S: * SEARCH 2
S: c06 OK *
C: c07 SEARCH BODY "QUICK brown"
S: * SEARCH 1
S: c07 OK *
C: c08 SEARCH TEXT carl
S: * SEARCH 2
S: c08 OK *
C: c09 SEARCH SENTON 13-Nov-2023
S: * SEARCH 1
S: c09 OK *
C: c10 SEARCH SENTBEFORE 14-Nov-2023 (UNSEEN RECENT NEW)
S: * SEARCH 1
S: c10 OK *
C: c11 SEARCH ON 14-Nov-2023 2:*
S: * SEARCH 2
S: c11 OK *
C: c12 SEARCH SINCE 15-Nov-2023
S: * SEARCH
S: c12 OK *
C: c13 UID SEARCH UID 2:99 UNKEYWORD other LARGER 10 SMALLER 1000
S: * SEARCH 2
S: c13 OK *
# The text comes in a charset of its own, as a literal.
C: c14 SEARCH CHARSET iso-8859-1 SUBJECT "nothing"
S: * SEARCH
S: c14 OK *
C: c16 SEARCH CHARSET utf-8 SUBJECT {7+}
C: GRüße
S: * SEARCH 1
S: c16 OK *
C: c17 SEARCH CHARSET klingon SUBJECT x
S: c17 NO [BADCHARSET *
C: c18 SEARCH NOT
S: c18 BAD *
C: c19 SEARCH (ALL
S: c19 BAD *
C: c20 SEARCH COLOUR blue
S: c20 BAD *
C: c21 SEARCH SINCE yesterday
S: c21 BAD *
# Days begin at midnight: one second before belongs to the day before.
C: d2 APPEND Sent "14-Nov-2023 23:59:59 +0000" {*+}
M: Date: Tue, 14 Nov 2023 00:00:00 +0000
M: 
S: d2 OK *
C: d3 APPEND Sent "15-Nov-2023 00:00:00 +0000" {*+}
M: Date: Mon, 13 Nov 2023 23:59:59 +0000
M: 
S: d3 OK *
C: d4 SELECT Sent
S: ...
S: d4 OK *
C: d5 SEARCH ON 14-Nov-2023
S: * SEARCH 1
S: d5 OK *
C: d6 SEARCH SINCE 15-Nov-2023
S: * SEARCH 2
S: d6 OK *
C: d7 SEARCH SENTBEFORE 14-Nov-2023
S: * SEARCH 2
S: d7 OK *
C: d8 SEARCH SENTSINCE 14-Nov-2023 BEFORE 15-Nov-2023
S: * SEARCH 1
S: d8 OK *
