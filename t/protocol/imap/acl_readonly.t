# A directory that can only be read: whatever Ann gives since, Bob's session can do no more than read.
guest read-only
C: a CREATE Projects
S: a OK *
C: b APPEND Projects {*+}
M: Subject: one
M:
M: 1
S: b OK *
C: c SETACL Projects bob@example.test lrswite
S: c OK *
2C: d MYRIGHTS "Other Users/ann@example.test/Projects"
2S: * MYRIGHTS "Other Users/ann@example.test/Projects" "lr"
2S: d OK *
2C: e SELECT "Other Users/ann@example.test/Projects"
2S: ...
2S: e OK [READ-ONLY] *
2C: f FETCH 1 (ENVELOPE BODY[TEXT])
2S: * 1 FETCH (ENVELOPE * BODY[TEXT] {3}
2S: 1
2S: )
2S: f OK *
2C: g STORE 1 +FLAGS (\Seen)
2S: g NO *
2C: h APPEND "Other Users/ann@example.test/Projects" {*+}
M: Subject: x
M:
M: x
2S: h NO [NOPERM] *
2C: i COPY 1 INBOX
2S: i OK [COPYUID * 1 1] *
# What arrives is seen at once, also in IDLE.
2C: j IDLE
2S: + *
C: k APPEND Projects {*+}
M: Subject: two
M:
M: 2
S: k OK *
2notify
2S: * 2 EXISTS
2S: * 2 RECENT
# Ann's own session still gets \Recent: somebody else's took it from nobody.
C: l SELECT Projects
S: ...
S: * 2 RECENT
S: ...
S: l OK *
C: m SETACL Projects bob@example.test ""
S: m OK *
2notify
2S: * BYE *
2over
