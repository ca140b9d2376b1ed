# Keywords that clients agree on (RFC 5788, RFC 8457, RFC 9979) are kept like any other, and found.
C: a APPEND INBOX ($Important $Phishing) {12+}
C: Subject: one
S: a OK *
C: b SELECT INBOX
S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Important $Phishing)
S: ...
S: b OK *
C: c STORE 1 +FLAGS ($Forwarded $MDNSent $hasattachment $notify $followed $muted)
S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Important $Phishing $Forwarded $MDNSent $hasattachment $notify $followed $muted)
S: * 1 FETCH (FLAGS (\Recent $Important $Phishing $Forwarded $MDNSent $hasattachment $notify $followed $muted))
S: c OK *
C: d SEARCH KEYWORD $HASATTACHMENT UNKEYWORD $Junk
S: * SEARCH 1
S: d OK *
