# THREAD in its three ways.
C: a1 APPEND INBOX "05-Nov-2023 00:00:00 +0000" {*+}
M: Subject: plan
M: Message-ID: <1@x>
M: Date: Wed, 1 Nov 2023 01:00:00 +0000
M: 
S: a1 OK *
C: a2 APPEND INBOX "06-Nov-2023 00:00:00 +0000" {*+}
M: Subject: Re: plan
M: Message-ID: <2@x>
M: References: <1@x>
M: Date: Wed, 1 Nov 2023 02:00:00 +0000
M: 
S: a2 OK *
C: a3 APPEND INBOX "07-Nov-2023 00:00:00 +0000" {*+}
M: Subject: Re: plan
M: Message-ID: <3@x>
M: In-Reply-To: <1@x>
M: Date: Wed, 1 Nov 2023 03:00:00 +0000
M: 
S: a3 OK *
# Its parent, <4@x>, is not here.
C: a4 APPEND INBOX "08-Nov-2023 00:00:00 +0000" {*+}
M: Subject: other words
M: Message-ID: <5@x>
M: References: <1@x> <2@x> <4@x>
M: Date: Wed, 1 Nov 2023 04:00:00 +0000
M: 
S: a4 OK *
# A reply without references is joined by its subject.
C: a5 APPEND INBOX "09-Nov-2023 00:00:00 +0000" {*+}
M: Subject: Re: PLAN
M: Date: Wed, 1 Nov 2023 05:00:00 +0000
M: 
S: a5 OK *
# Two of a conversation whose first mail is not here.
C: a6 APPEND INBOX "02-Nov-2023 00:00:00 +0000" {*+}
M: Subject: lost
M: References: <gone@x>
M: Date: Wed, 1 Nov 2023 00:30:00 +0000
M: 
S: a6 OK *
C: a7 APPEND INBOX "03-Nov-2023 00:00:00 +0000" {*+}
M: Subject: lost too
M: References: <gone@x>
M: Date: Wed, 1 Nov 2023 00:20:00 +0000
M: 
S: a7 OK *
# Each says that the other came before it.
C: a8 APPEND INBOX "01-Nov-2023 00:00:00 +0000" {*+}
M: Subject: hen
M: Message-ID: <h@x>
M: References: <e@x>
M: Date: Wed, 1 Nov 2023 06:00:00 +0000
M: 
S: a8 OK *
C: a9 APPEND INBOX "01-Nov-2023 00:00:00 +0000" {*+}
M: Subject: egg
M: Message-ID: <e@x>
M: References: <h@x>
M: Date: Wed, 1 Nov 2023 07:00:00 +0000
M: 
S: a9 OK *
C: b0 SELECT INBOX
S: ...
S: b0 OK *
C: b1 THREAD REFERENCES UTF-8 ALL
S: * THREAD ((7)(6))(1 (2 4)(3)(5))(9 8)
S: b1 OK *
C: b2 UID THREAD REFS UTF-8 ALL
S: * THREAD (9 8)((7)(6))(1 (2 4)(3))(5)
S: b2 OK *
C: b3 THREAD ORDEREDSUBJECT UTF-8 1:7
S: * THREAD (7)(6)(1 (2)(3)(5))(4)
S: b3 OK *
C: b4 THREAD REFERENCES UTF-8 SUBJECT nothing
S: * THREAD
S: b4 OK *
C: b5 THREAD REFERENCES UTF-8 2:3
S: * THREAD ((2)(3))
S: b5 OK *
C: b6 THREAD SIDEWAYS UTF-8 ALL
S: b6 BAD *
C: b7 THREAD REFS klingon ALL
S: b7 NO [BADCHARSET *
C: b8 THREAD REFS
S: b8 BAD *
