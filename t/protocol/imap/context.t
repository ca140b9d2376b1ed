# RFC 5267: searches that are kept up to date.
deliver
M: Subject: b
M: 
deliver
M: Subject: d
M: 
deliver
M: Subject: f
M: 
C: a SELECT INBOX
S: ...
S: a OK *
C: b1 UID SEARCH RETURN (UPDATE COUNT CONTEXT) DELETED
S: * ESEARCH (TAG "b1") UID COUNT 0
S: b1 OK *
C: b1 SEARCH RETURN (UPDATE) FLAGGED
S: b1 BAD *
C: b2 SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNDELETED
S: * ESEARCH (TAG "b2") ALL 1:3
S: b2 OK *
C: b3 SEARCH RETURN (CONTEXT) SUBJECT d
S: * ESEARCH (TAG "b3") ALL 2
S: b3 OK *
# The client's own change, too: flags first, then what follows from them.
C: c1 STORE 2 +FLAGS (\Deleted)
S: * 2 FETCH (FLAGS (\Deleted \Recent))
S: * ESEARCH (TAG "b1") UID ADDTO (0 2)
S: * ESEARCH (TAG "b2") REMOVEFROM (2 2)
S: c1 OK *
C: c2 STORE 2 -FLAGS (\Deleted)
S: * 2 FETCH (FLAGS (\Recent))
S: * ESEARCH (TAG "b1") UID REMOVEFROM (0 2)
S: * ESEARCH (TAG "b2") ADDTO (2 2)
S: c2 OK *
# Others' mail: the place in the order.
2C: a APPEND INBOX {*+}
M: Subject: c
M: 
2S: ...
2S: a OK *
2C: b APPEND INBOX (\Deleted) {*+}
M: Subject: x
M: 
2S: ...
2S: b OK *
2C: c APPEND INBOX {*+}
M: Subject: a
M: 
2S: ...
2S: c OK *
2C: d APPEND INBOX {*+}
M: Subject: c
M: 
2S: ...
2S: d OK *
C: d1 NOOP
S: * 7 EXISTS
S: * 7 RECENT
S: * ESEARCH (TAG "b1") UID ADDTO (0 5)
S: * ESEARCH (TAG "b2") ADDTO (1 6 3 4,7)
S: d1 OK *
# REMOVEFROM before EXPUNGE, while the number is good; the number may go later.
2C: e SELECT INBOX
2S: ...
2S: e OK *
2C: f STORE 4,6 +FLAGS (\Deleted)
2S: ...
2S: f OK *
2C: g UID EXPUNGE 4,6
2S: ...
2S: g OK *
C: e1 FETCH 1 UID
S: * 1 FETCH (UID 1)
S: * ESEARCH (TAG "b2") REMOVEFROM (3 4 1 6)
S: e1 OK *
C: e2 NOOP
S: * 4 EXPUNGE
S: * 5 EXPUNGE
S: e2 OK *
C: f1 CANCELUPDATE "b1"
S: f1 OK *
C: f2 CANCELUPDATE b1
S: f2 BAD *
C: f3 CANCELUPDATE "b2" "nothing"
S: f3 BAD *
C: f4 CANCELUPDATE
S: f4 BAD *
C: f5 STORE 1 +FLAGS.SILENT (\Deleted)
S: * ESEARCH (TAG "b2") REMOVEFROM (1 1)
S: f5 OK *
C: f6 CANCELUPDATE "b2"
S: f6 OK *
# Numbers mean the messages that had them.
C: g1 SEARCH RETURN (UPDATE COUNT) 2:3 UNSEEN
S: * ESEARCH (TAG "g1") COUNT 2
S: g1 OK *
C: g2 EXPUNGE
S: * 1 EXPUNGE
S: * 3 EXPUNGE
S: g2 OK *
C: g3 STORE 1 +FLAGS.SILENT (\Seen)
S: * ESEARCH (TAG "g1") REMOVEFROM (0 1)
S: g3 OK *
C: g4 STORE 3 +FLAGS.SILENT (\Seen)
S: g4 OK *
C: g5 CANCELUPDATE "g1"
S: g5 OK *
# RFC 5465 §7: something of each new message that matches; ESEARCH says of which mailbox.
C: h1 ESEARCH RETURN (UPDATE (UID FLAGS) COUNT) SUBJECT boss
S: h1 OK *
2C: h APPEND INBOX {*+}
M: Subject: the boss
M: 
2S: ...
2S: h OK *
2C: i APPEND INBOX {*+}
M: Subject: nobody
M: 
2S: ...
2S: i OK *
C: h2 NOOP
S: * 5 EXISTS
S: * 3 RECENT
S: * 4 FETCH (UID 8 FLAGS ())
S: * ESEARCH (TAG "h1" MAILBOX INBOX UIDVALIDITY *) UID ADDTO (0 8)
S: h2 OK *
# In one FETCH with what NOTIFY asks for, and at any time.
C: h3 NOTIFY SET (SELECTED (MessageNew (UID RFC822.SIZE) MessageExpunge))
S: h3 OK *
2C: j APPEND INBOX {*+}
M: Subject: boss again
M: 
2S: ...
2S: j OK *
notify
S: * 6 EXISTS
S: * 3 RECENT
S: * 6 FETCH (UID 10 RFC822.SIZE 23 FLAGS ())
S: * ESEARCH (TAG "h1" MAILBOX INBOX UIDVALIDITY *) UID ADDTO (0 10)
C: i1 ESEARCH IN (MAILBOXES Sent) RETURN (UPDATE COUNT) ALL
S: * NO [NOUPDATE "i1"] *
S: i1 OK *
# Too many.
C: k1 SEARCH RETURN (UPDATE) ALL
S: * ESEARCH (TAG "k1")
S: k1 OK *
C: k2 SEARCH RETURN (UPDATE) ALL
S: ...
S: k2 OK *
C: k3 SEARCH RETURN (UPDATE) ALL
S: ...
S: k3 OK *
C: k4 SEARCH RETURN (UPDATE) ALL
S: ...
S: k4 OK *
C: k5 SEARCH RETURN (UPDATE) ALL
S: ...
S: k5 OK *
C: k6 SEARCH RETURN (UPDATE) ALL
S: ...
S: k6 OK *
C: k7 SEARCH RETURN (UPDATE) ALL
S: ...
S: k7 OK *
C: k8 SEARCH RETURN (UPDATE) ALL
S: ...
S: k8 OK *
C: k9 SEARCH RETURN (UPDATE) ALL
S: ...
S: k9 OK *
C: k10 SEARCH RETURN (UPDATE COUNT) ALL
S: * ESEARCH (TAG "k10") COUNT 6
S: * NO [NOUPDATE "k10"] *
S: k10 OK *
# They end with the mailbox.
C: l1 SELECT INBOX
S: ...
S: l1 OK *
C: l2 CANCELUPDATE "k1"
S: l2 BAD *
C: l3 UNSELECT
S: l3 OK *
C: l4 ESEARCH IN (MAILBOXES INBOX) RETURN (UPDATE) ALL
S: l4 BAD *
