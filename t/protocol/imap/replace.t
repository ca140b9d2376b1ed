# RFC 8508: the new message first, then the old one goes.
C: a APPEND Drafts (\Draft) {12+}
C: Subject: one
S: a OK *
C: b APPEND Drafts (\Draft) {12+}
C: Subject: two
S: b OK *
C: c SELECT Drafts
S: ...
S: c OK *
C: d REPLACE 1 Drafts (\Seen \Draft) {12+}
C: Subject: ONE
S: * OK [APPENDUID * 3] *
S: * 1 EXPUNGE
S: * 2 EXISTS
S: * 2 RECENT
S: d OK *
C: e UID REPLACE 2 Archive {12+}
C: Subject: TWO
S: * OK [APPENDUID * 1] *
S: * 1 EXPUNGE
S: e OK *
C: f UID REPLACE 2 Archive {12+}
C: Subject: TWO
S: f NO *
C: g REPLACE 7 Archive {12+}
C: Subject: TWO
S: g BAD *
C: h REPLACE 1 Nowhere {12+}
C: Subject: TWO
S: h NO [TRYCREATE] *
C: i FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 3 FLAGS (\Seen \Draft *))
S: i OK *
C: j EXAMINE Drafts
S: ...
S: j OK *
C: k REPLACE 1 Drafts {12+}
C: Subject: TWO
S: k NO *
C: l UNSELECT
S: l OK *
C: m REPLACE 1 Drafts {12+}
C: Subject: TWO
S: m BAD *
