# RFC 9208 §5.2: MESSAGE beside STORAGE; APPEND and COPY stop at either; users set no limits.
quota 1048576 3
C: a GETQUOTAROOT INBOX
S: * QUOTAROOT INBOX ""
S: * QUOTA "" (STORAGE 0 1024 MESSAGE 0 3)
S: a OK *
C: b APPEND Drafts {12+}
C: Subject: one
S: b OK *
C: c APPEND Drafts {12+}
C: Subject: two
S: c OK *
C: d GETQUOTA ""
S: * QUOTA "" (STORAGE 1 1024 MESSAGE 2 3)
S: d OK *
# Two more are one too many; one fits.
C: e SELECT Drafts
S: ...
S: * 2 EXISTS
S: ...
S: e OK *
C: f COPY 1:2 Archive
S: f NO [OVERQUOTA] *
C: g COPY 1 Archive
S: g OK [COPYUID *
C: h APPEND INBOX {12+}
C: Subject: six
S: h NO [OVERQUOTA] mailbox is full: it has 3 of 3 messages
# What is moved was there already; what is expunged makes room.
C: i MOVE 1 Archive
S: * OK [COPYUID *
S: ...
S: i OK *
C: j STORE 1 +FLAGS.SILENT (\Deleted)
S: j OK *
C: k EXPUNGE
S: * 1 EXPUNGE
S: ...
S: k OK *
C: l GETQUOTA ""
S: * QUOTA "" (STORAGE 1 1024 MESSAGE 2 3)
S: l OK *
C: m SETQUOTA "" (MESSAGE 1000)
S: m NO [NOPERM] *
