# RFC 9585: a command that takes long says how far it is.
progress
deliver
M: Subject: x
M: 
C: a SELECT INBOX
S: ...
S: a OK *
C: b SEARCH ALL
S: * OK [INPROGRESS ("b" 0 1)] *
S: * SEARCH 1
S: b OK *
C: c COPY 1 INBOX
S: ...
S: c OK *
C: c COPY 1:2 INBOX
S: ...
S: c OK *
C: c COPY 1:4 INBOX
S: ...
S: c OK *
C: c COPY 1:8 INBOX
S: ...
S: c OK *
C: c COPY 1:16 INBOX
S: ...
S: c OK *
C: c COPY 1:32 INBOX
S: ...
S: c OK *
C: c COPY 1:64 INBOX
S: ...
S: c OK *
C: d UID SORT RETURN (COUNT) (SUBJECT) UTF-8 100:*
S: * OK [INPROGRESS ("d" 0 128)] *
S: * OK [INPROGRESS ("d" 64 128)] *
S: * OK [INPROGRESS ("d" 0 29)] *
S: * ESEARCH (TAG "d") UID COUNT 29
S: d OK *
# A command that is quick says nothing.
C: e NOOP
S: e OK *
