# RFC 3501 §6.3.5: renaming INBOX moves its mail and leaves it empty.
deliver
M: Subject: one
M: 
C: a RENAME INBOX Before
S: a OK *
C: b STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 0)
S: b OK *
C: c STATUS Before (MESSAGES UNSEEN RECENT)
S: * STATUS Before (MESSAGES 1 UNSEEN 1 RECENT 1)
S: c OK *
