# SORT, with what it sorts by in each way (RFC 5256, 5957, 5267).
C: a1 APPEND INBOX "02-Nov-2023 00:00:00 +0000" {*+}
M: From: "Zoe" <beta@x.test>
M: To: Adam <z@x.test>
M: Subject: Re: apple
M: Date: Wed, 1 Nov 2023 10:00:00 +0000
M: 
S: a1 OK *
C: a2 APPEND INBOX "01-Nov-2023 00:00:00 +0000" {*+}
M: From: alpha@x.test
M: To: Team: one@x.test;
M: Cc: kate@x.test
M: Subject: [list] Banana
M: Date: Wed, 1 Nov 2023 09:00:00 -0500
M: 
M: long enough to be the largest
S: a2 OK *
C: a3 APPEND INBOX "03-Nov-2023 00:00:00 +0000" {*+}
M: From: =?utf-8?Q?=C3=84nne?= <gamma@x.test>
M: Subject: APPLE (fwd)
M: 
S: a3 OK *
C: a4 SELECT INBOX
S: ...
S: a4 OK *
C: b1 SORT (SUBJECT) utf-8 ALL
S: * SORT 1 3 2
S: b1 OK *
C: b2 SORT (REVERSE SUBJECT) us-ascii ALL
S: * SORT 2 1 3
S: b2 OK *
C: b3 SORT (ARRIVAL) UTF-8 ALL
S: * SORT 2 1 3
S: b3 OK *
# The zone counts; without a Date it is the arrival.
C: b4 UID SORT (DATE) UTF-8 ALL
S: * SORT 1 2 3
S: b4 OK *
C: b5 SORT (FROM) UTF-8 ALL
S: * SORT 2 1 3
S: b5 OK *
C: b6 SORT (DISPLAYFROM) UTF-8 ALL
S: * SORT 2 1 3
S: b6 OK *
C: b7 SORT (TO) UTF-8 ALL
S: * SORT 3 2 1
S: b7 OK *
C: b8 SORT (DISPLAYTO) UTF-8 ALL
S: * SORT 3 1 2
S: b8 OK *
C: b9 SORT (CC REVERSE SIZE) UTF-8 ALL
S: * SORT 1 3 2
S: b9 OK *
C: b10 SORT (SIZE) UTF-8 1:2
S: * SORT 1 2
S: b10 OK *
C: b11 SORT (SUBJECT REVERSE ARRIVAL) UTF-8 ALL
S: * SORT 3 1 2
S: b11 OK *
C: b12 SORT (SUBJECT) UTF-8 SUBJECT nothing
S: * SORT
S: b12 OK *
# ESORT: all in the order that was asked for; the first and the last of that order.
C: c1 SORT RETURN (MIN MAX ALL COUNT) (SUBJECT) UTF-8 ALL
S: * ESEARCH (TAG "c1") MIN 1 MAX 2 COUNT 3 ALL 1,3,2
S: c1 OK *
C: c2 SORT RETURN (PARTIAL 2:3) (REVERSE ARRIVAL) UTF-8 ALL
S: * ESEARCH (TAG "c2") PARTIAL (2:3 1:2)
S: c2 OK *
C: c3 SORT RETURN (SAVE) (SUBJECT) UTF-8 SUBJECT apple
S: c3 OK *
C: c4 FETCH $ UID
S: * 1 FETCH (UID 1)
S: * 3 FETCH (UID 3)
S: c4 OK *
C: c5 SORT (RELEVANCY SUBJECT) UTF-8 FUZZY ALL
S: * SORT 1 3 2
S: c5 OK *
C: d1 SORT SUBJECT UTF-8 ALL
S: d1 BAD *
C: d2 SORT (COLOUR) UTF-8 ALL
S: d2 BAD *
C: d3 SORT (SUBJECT) klingon ALL
S: d3 NO [BADCHARSET *
C: d4 SORT (SUBJECT) UTF-8
S: d4 BAD *
C: d5 SORT ()
S: d5 BAD *
C: d6 SORT (REVERSE) UTF-8 ALL
S: d6 BAD *
C: d7 SORT (RELEVANCY) UTF-8 ALL
S: d7 BAD *
