# RFC 4314 §4: what somebody else may do, right by right.  Session 1 is Ann's, session 2 Bob's.
guest
C: a CREATE Projects
S: a OK *
C: a2 APPEND Projects (\Seen) {*+}
M: Subject: one
M:
M: 1
S: a2 OK *
C: a3 APPEND Projects {*+}
M: Subject: two
M:
M: 2
S: a3 OK *
# Nothing is shared: nothing is there.
2C: b LIST "" "*"
2S: * LIST (\HasNoChildren \Archive) "/" Archive
2S: * LIST (\HasNoChildren \Drafts) "/" Drafts
2S: * LIST (\HasNoChildren) "/" INBOX
2S: * LIST (\HasNoChildren \Junk) "/" Junk
2S: * LIST (\HasNoChildren \Sent) "/" Sent
2S: * LIST (\HasNoChildren \Trash) "/" Trash
2S: b OK *
2C: b2 SELECT "Other Users/ann@example.test/Projects"
2S: b2 NO [NONEXISTENT] *
2C: b3 STATUS "Other Users/ann@example.test/INBOX" (MESSAGES)
2S: b3 NO [NONEXISTENT] *
2C: b4 MYRIGHTS "Other Users/ann@example.test/Projects"
2S: b4 NO [NONEXISTENT] *
# l: it is seen, and no more.
C: c SETACL Projects bob@example.test l
S: c OK *
2C: c LIST "" "Other*"
2S: * LIST (\Noselect \HasChildren) "/" "Other Users"
2S: * LIST (\Noselect \HasChildren) "/" "Other Users/ann@example.test"
2S: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Projects"
2S: c OK *
2C: c2 SELECT "Other Users/ann@example.test/Projects"
2S: c2 NO [NOPERM] *
2C: c3 LIST "" "Other Users/*" RETURN (MYRIGHTS STATUS (MESSAGES))
2S: * LIST (\NonExistent \HasChildren) "/" "Other Users/ann@example.test"
2S: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Projects"
2S: * MYRIGHTS "Other Users/ann@example.test/Projects" "l"
2S: c3 OK *
2C: c4 APPEND "Other Users/ann@example.test/Projects" {*+}
M: Subject: x
M:
M: x
2S: c4 NO [NOPERM] *
2C: c5 GETACL "Other Users/ann@example.test/Projects"
2S: c5 NO [NOPERM] *
2C: c6 SUBSCRIBE "Other Users/ann@example.test/Projects"
2S: c6 OK *
2C: c7 LSUB "" "Other*"
2S: * LSUB () "/" "Other Users/ann@example.test/Projects"
2S: c7 OK *
# r: it is read; no flag of it is his to keep.
C: d SETACL Projects bob@example.test lr
S: d OK *
2C: d STATUS "Other Users/ann@example.test/Projects" (MESSAGES UNSEEN)
2S: * STATUS "Other Users/ann@example.test/Projects" (MESSAGES 2 UNSEEN 1)
2S: d OK *
2C: d2 SELECT "Other Users/ann@example.test/Projects"
2S: * FLAGS *
2S: * 2 EXISTS
2S: * 2 RECENT
2S: * OK [UNSEEN 2] *
2S: * OK [PERMANENTFLAGS ()] *
2S: ...
2S: * OK [MAILBOXID (F7-*)] its id
2S: * OK [HIGHESTMODSEQ *
2S: d2 OK [READ-ONLY] *
2C: d3 FETCH 2 BODY[TEXT]
2S: * 2 FETCH (BODY[TEXT] {3}
2S: 2
2S: )
2S: d3 OK *
2C: d4 STORE 2 +FLAGS (\Seen)
2S: d4 NO *
2C: d5 EXPUNGE
2S: d5 NO *
2C: d6 COPY 1 INBOX
2S: d6 OK [COPYUID * 1 1] *
2C: d7 COPY 1:2 Archive
2S: d7 OK [COPYUID * 1:2 1:2] *
2C: d8 MOVE 1 INBOX
2S: d8 NO *
# s, while it is open: told, and \Seen is kept from now on; what is not his stays.
C: e SETACL Projects bob@example.test +s
S: e OK *
2C: e NOOP
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS (\Seen)] *
2S: e OK *
2C: e2 FETCH 2 BODY[TEXT]
2S: * 2 FETCH (BODY[TEXT] {3}
2S: 2
2S:  FLAGS (\Seen \Recent))
2S: e2 OK *
2C: e3 STORE 2 FLAGS (\Flagged)
2S: e3 NO [NOPERM] *
2C: e4 STORE 2 FLAGS (\Seen \Flagged word)
2S: * 2 FETCH (FLAGS (\Seen \Recent))
2S: e4 OK *
# w
C: f SETACL Projects bob@example.test +w
S: f OK *
2C: f STORE 2 FLAGS (\Flagged word \Deleted)
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS (\Answered \Flagged \Seen \Draft \*)] *
2S: * FLAGS *
2S: * 2 FETCH (FLAGS (\Flagged \Recent word))
2S: f OK *
2C: f2 STORE 2 FLAGS ()
2S: * 2 FETCH (FLAGS (\Recent))
2S: f2 OK *
2C: f3 STORE 1:2 +FLAGS.SILENT (\Answered)
2S: f3 OK *
# i: of the flags those that he may set.
C: g SETACL Projects bob@example.test lri
S: g OK *
2C: g APPEND "Other Users/ann@example.test/Projects" (\Seen \Flagged word) {*+}
M: Subject: three
M:
M: 3
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS ()] *
2S: * 3 EXISTS
2S: * 3 RECENT
2S: g OK [APPENDUID * 3] *
2C: g2 FETCH 3 FLAGS
2S: * 3 FETCH (FLAGS (\Recent))
2S: g2 OK *
2C: g3 COPY 1 "Other Users/ann@example.test/Projects"
2S: * 4 EXISTS
2S: * 4 RECENT
2S: g3 OK [COPYUID * 1 4] *
2C: g4 FETCH 1,4 FLAGS
2S: * 1 FETCH (FLAGS (\Answered \Seen \Recent))
2S: * 4 FETCH (FLAGS (\Recent))
2S: g4 OK *
# t and e
C: h SETACL Projects bob@example.test lrt
S: h OK *
2C: h STORE 4 +FLAGS (\Deleted)
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS (\Deleted)] *
2S: * 4 FETCH (FLAGS (\Deleted \Recent))
2S: h OK *
2C: h2 EXPUNGE
2S: h2 NO [NOPERM] *
2C: h3 CLOSE
2S: h3 OK *
C: h4 STATUS Projects (MESSAGES)
S: * STATUS Projects (MESSAGES 4)
S: h4 OK *
C: i SETACL Projects bob@example.test lrte
S: i OK *
2C: i SELECT "Other Users/ann@example.test/Projects"
2S: ...
2S: i OK [READ-WRITE] *
2C: i2 EXPUNGE
2S: * 4 EXPUNGE
2S: i2 OK *
2C: i3 MOVE 3 INBOX
2S: * OK [COPYUID * 3 2] moved
2S: * 3 EXPUNGE
2S: i3 OK *
# k and x
2C: j CREATE "Other Users/ann@example.test/Projects/Bob"
2S: j NO [NOPERM] *
C: k SETACL Projects bob@example.test lrk
S: k OK *
2C: k CREATE "Other Users/ann@example.test/Projects/Bob"
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS ()] *
2S: k OK [MAILBOXID (F8-*)] *
2C: k2 CREATE "Other Users/ann@example.test/Bob"
2S: k2 NO [CANNOT] *
2C: k3 DELETE "Other Users/ann@example.test/Projects/Bob"
2S: k3 NO [NOPERM] *
2C: k4 RENAME "Other Users/ann@example.test/Projects/Bob" "Other Users/ann@example.test/Projects/Bobby"
2S: k4 NO [NOPERM] *
C: l SETACL Projects/Bob bob@example.test lrx
S: l OK *
2C: l RENAME "Other Users/ann@example.test/Projects/Bob" "Other Users/ann@example.test/Projects/Bobby"
2S: l OK *
2C: l2 RENAME "Other Users/ann@example.test/Projects/Bobby" Bobby
2S: l2 NO [CANNOT] *
2C: l3 RENAME "Other Users/ann@example.test/Projects/Bobby" "Other Users/ann@example.test/Bobby"
2S: l3 NO *
2C: l4 DELETE "Other Users/ann@example.test/Projects/Bobby"
2S: l4 OK *
# a: he may share it on, and is told the list.
C: m SETACL Projects bob@example.test lra
S: m OK *
2C: m SETACL "Other Users/ann@example.test/Projects" anyone lr
2S: * FLAGS *
2S: * OK [PERMANENTFLAGS ()] *
2S: m OK *
told: ann@example.test anyone=lr bob@example.test=lra
2C: m2 GETACL "Other Users/ann@example.test/Projects"
2S: * ACL "Other Users/ann@example.test/Projects" ann@example.test "lrswipkxteacd" anyone "lr" bob@example.test "lra"
2S: m2 OK *
# INBOX stands for the top of an account.
C: m3 SETACL INBOX bob@example.test lk
S: m3 OK *
2C: m4 CREATE "Other Users/ann@example.test/Top/Below"
2S: m4 OK *
2C: m5 MYRIGHTS "Other Users/ann@example.test/Top/Below"
2S: * MYRIGHTS "Other Users/ann@example.test/Top/Below" "lkc"
2S: m5 OK *
C: m6 CREATE Private
S: m6 OK *
C: m7 GETACL Private
S: * ACL Private ann@example.test "lrswipkxteacd"
S: m7 OK *
# Taken away while it is open.
C: n DELETEACL Projects anyone
S: n OK *
C: o DELETEACL Projects bob@example.test
S: o OK *
2C: o NOOP
2S: * BYE *
2over
