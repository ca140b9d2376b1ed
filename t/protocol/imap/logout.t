C: a CAPABILITY
S: * CAPABILITY IMAP4rev1 *
S: a OK *
C: b LOGOUT
S: * BYE *
S: b OK *
over
