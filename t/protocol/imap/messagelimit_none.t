# Without a limit nothing is said of one; UIDAFTER and UIDBEFORE (RFC 9738) are known all the same.
deliver
M: Subject: one
M: 
M: 1
deliver
M: Subject: two
M: 
M: 2
C: a CAPABILITY
S: * CAPABILITY * LIST-MYRIGHTS
S: a OK *
C: b SELECT INBOX
S: ...
S: b OK *
C: c SEARCH UIDAFTER 1
S: * SEARCH 2
S: c OK SEARCH done
C: d UID SORT (SUBJECT) UTF-8 UIDBEFORE 3
S: * SORT 1 2
S: d OK SORT done
C: e SEARCH NOT UIDBEFORE 2
S: * SEARCH 2
S: e OK SEARCH done
