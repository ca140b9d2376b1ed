# RFC 7377: one search in many mailboxes, told by UID with the mailbox's name and UIDVALIDITY.
deliver
M: Subject: chad
M: 
M: in the inbox
C: a1 CREATE work/plans/old
S: a1 OK *
C: a2 CREATE work/bills
S: a2 OK *
C: a3 APPEND work/plans {*+}
M: Subject: Chad plans
M: 
S: a3 OK *
C: a4 APPEND work/plans (\Seen) {*+}
M: Subject: nobody plans
M: 
S: a4 OK *
C: a5 APPEND work/plans/old {*+}
M: Subject: chad planned
M: 
S: a5 OK *
C: a6 APPEND work/bills {*+}
M: Subject: bill of Chad
M: 
S: a6 OK *
# Nothing is selected: SELECTED, also where it is what is meant by saying nothing, is a mistake.
C: b1 ESEARCH ALL
S: b1 BAD *
C: b2 ESEARCH IN (SELECTED) ALL
S: b2 BAD *
C: b3 ESEARCH IN (PERSONAL) SUBJECT chad
S: * ESEARCH (TAG "b3" MAILBOX INBOX UIDVALIDITY *) UID ALL 1
S: * ESEARCH (TAG "b3" MAILBOX work/bills UIDVALIDITY *) UID ALL 1
S: * ESEARCH (TAG "b3" MAILBOX work/plans UIDVALIDITY *) UID ALL 1
S: * ESEARCH (TAG "b3" MAILBOX work/plans/old UIDVALIDITY *) UID ALL 1
S: b3 OK *
# A mailbox without a match is not told of, whatever is to be returned; one that is named twice is searched once.
C: b4 ESEARCH IN (mailboxes ("work/plans" inbox nothing) subtree work/plans) RETURN (MIN MAX COUNT) SUBJECT plan
S: * ESEARCH (TAG "b4" MAILBOX work/plans UIDVALIDITY *) UID MIN 1 MAX 2 COUNT 2
S: * ESEARCH (TAG "b4" MAILBOX work/plans/old UIDVALIDITY *) UID MIN 1 MAX 1 COUNT 1
S: b4 OK *
C: b5 ESEARCH IN (SUBTREE-ONE work) UNSEEN
S: * ESEARCH (TAG "b5" MAILBOX work/bills UIDVALIDITY *) UID ALL 1
S: * ESEARCH (TAG "b5" MAILBOX work/plans UIDVALIDITY *) UID ALL 1
S: b5 OK *
C: b6 ESEARCH IN (SUBTREE work/p) UNSEEN
S: b6 OK *
C: b7 SUBSCRIBE work/bills
S: b7 OK *
C: b8 ESEARCH IN (SUBSCRIBED) RETURN () SUBJECT bill
S: * ESEARCH (TAG "b8" MAILBOX work/bills UIDVALIDITY *) UID ALL 1
S: b8 OK *
C: b9 ESEARCH IN (INBOXES) RETURN (PARTIAL 2:2) SUBJECT plans
S: * ESEARCH (TAG "b9" MAILBOX work/plans UIDVALIDITY *) UID PARTIAL (2:2 2)
S: b9 OK *
# Numbers beyond the end are no mistake.
C: b10 ESEARCH IN (SUBTREE work) 2:100 CHARSET UTF-8
S: b10 BAD *
C: b11 ESEARCH IN (SUBTREE work) 2:100
S: * ESEARCH (TAG "b11" MAILBOX work/plans UIDVALIDITY *) UID ALL 2
S: b11 OK *
C: b12 ESEARCH IN (MAILBOXES work/plans) RETURN (COUNT) CHARSET klingon SUBJECT x
S: b12 NO [BADCHARSET *
C: b13 ESEARCH IN (PERSONAL) MODSEQ 1 SUBJECT bill
S: * ESEARCH (TAG "b13" MAILBOX work/bills UIDVALIDITY *) UID ALL 1 MODSEQ 2
S: b13 OK *
# What is wrong.
C: c1 ESEARCH IN (SELECTED-DELAYED) ALL
S: c1 BAD *
C: c2 ESEARCH IN (PERSONAL (DEPTH 1)) ALL
S: c2 BAD *
C: c3 ESEARCH IN () ALL
S: c3 BAD *
C: c4 ESEARCH IN (SUBTREE) ALL
S: c4 BAD *
C: c5 ESEARCH IN (PERSONAL) RETURN (SAVE) ALL
S: c5 BAD *
C: c6 ESEARCH IN (NOWHERE) ALL
S: c6 BAD *
C: c7 ESEARCH IN (MAILBOXES "&x") ALL
S: c7 BAD *
C: c8 ESEARCH IN (PERSONAL ALL
S: c8 BAD *
# The selected mailbox stays selected, `$` is its own.
C: d1 SELECT work/plans
S: ...
S: d1 OK *
C: d2 ESEARCH RETURN (SAVE COUNT) SEEN
S: * ESEARCH (TAG "d2" MAILBOX work/plans UIDVALIDITY *) UID COUNT 1
S: d2 OK *
C: d3 ESEARCH IN (SELECTED MAILBOXES inbox) $
S: * ESEARCH (TAG "d3" MAILBOX work/plans UIDVALIDITY *) UID ALL 2
S: d3 OK *
C: d4 ESEARCH IN (SELECTED) RETURN (SAVE) UNSEEN
S: d4 OK *
C: d5 FETCH $ UID
S: * 1 FETCH (UID 1)
S: d5 OK *
C: d6 ESEARCH IN (MAILBOXES INBOX) 1
S: * ESEARCH (TAG "d6" MAILBOX INBOX UIDVALIDITY *) UID ALL 1
S: d6 OK *
C: d7 FETCH 2 (UID ENVELOPE)
S: * 2 FETCH (UID 2 ENVELOPE (NIL "nobody plans" *
S: d7 OK *
# Searching marks nothing as seen by this session.
C: d8 STATUS INBOX (RECENT)
S: * STATUS INBOX (RECENT 1)
S: d8 OK *
C: e1 ENABLE UIDONLY
S: * ENABLED UIDONLY
S: e1 OK *
C: e2 ESEARCH IN (PERSONAL) 1
S: e2 BAD [UIDREQUIRED] *
C: e3 ESEARCH UID 1
S: * ESEARCH (TAG "e3" MAILBOX work/plans UIDVALIDITY *) UID ALL 1
S: e3 OK *
