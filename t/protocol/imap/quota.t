# RFC 9208: one root over all mailboxes; STORAGE in units of 1024 octets.
quota 10240
C: a GETQUOTAROOT INBOX
S: * QUOTAROOT INBOX ""
S: * QUOTA "" (STORAGE 0 10)
S: a OK *
C: b APPEND Drafts (\Deleted) {12+}
C: Subject: one
S: b OK *
C: c GETQUOTA ""
S: * QUOTA "" (STORAGE 1 10)
S: c OK *
C: d GETQUOTA other
S: d NO [NONEXISTENT] *
C: e GETQUOTAROOT Nowhere
S: e NO [NONEXISTENT] *
C: f STATUS Drafts (DELETED DELETED-STORAGE)
S: * STATUS Drafts (DELETED 1 DELETED-STORAGE 1)
S: f OK *
C: g GETQUOTA
S: g BAD *
