# RFC 8474: names of mailboxes, messages and conversations; RFC 8514: when a message came here.
deliver
M: Subject: one
M: Message-ID: <1@example.test>
M: 
M: 1
deliver
M: Subject: Re: one
M: Message-ID: <2@example.test>
M: In-Reply-To: <1@example.test>
M: 
M: 2
deliver
M: Subject: no id
M: 
M: 3
C: a CREATE new
S: a OK [MAILBOXID (F7)] *
C: b STATUS new (MAILBOXID MESSAGES)
S: * STATUS new (MAILBOXID (F7) MESSAGES 0)
S: b OK *
C: c RENAME new newer
S: c OK *
C: d STATUS newer (MAILBOXID)
S: * STATUS newer (MAILBOXID (F7))
S: d OK *
C: e SELECT INBOX
S: ...
S: * OK [MAILBOXID (F1)] *
S: * OK [HIGHESTMODSEQ *
S: e OK *
# The conversation is named by its first message; the same in each folder, as is the message's name.
C: f FETCH 1:3 (THREADID SAVEDATE)
S: * 1 FETCH (THREADID (Tfe7c8c7369a0ef19) SAVEDATE "14-Nov-2023 22:13:20 +0000")
S: * 2 FETCH (THREADID (Tfe7c8c7369a0ef19) SAVEDATE *)
S: * 3 FETCH (THREADID NIL SAVEDATE *)
S: f OK *
C: g FETCH 1 EMAILID
S: * 1 FETCH (EMAILID (M*))
S: g OK *
C: h APPEND newer "17-Jul-1996 02:44:25 -0700" {12+}
C: Subject: old
S: h OK *
C: i SELECT newer
S: ...
S: i OK *
C: j FETCH 1 (SAVEDATE INTERNALDATE)
S: * 1 FETCH (SAVEDATE "14-Nov-2023 22:13:20 +0000" INTERNALDATE "17-Jul-1996 09:44:25 +0000")
S: j OK *
