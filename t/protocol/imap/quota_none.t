# Without a limit there is no root.
C: a GETQUOTAROOT INBOX
S: * QUOTAROOT INBOX
S: a OK *
C: b GETQUOTA ""
S: b NO [NONEXISTENT] *
