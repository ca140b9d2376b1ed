# RFC 9755: after ENABLE UTF8=ACCEPT names are UTF-8 on the wire, and APPEND takes UTF8 (literal8).
C: a CREATE "Entw&APw-rfe"
S: a OK *
C: b APPEND Drafts UTF8 (~{3+}
C: abc)
S: b BAD UTF8 takes ENABLE *
C: c ENABLE X-NOTHING UTF8=ACCEPT
S: * ENABLED UTF8=ACCEPT
S: c OK *
C: d ENABLE UTF8=ACCEPT
S: * ENABLED
S: d OK *
C: e LIST "" "Entwürf*"
S: * LIST (\HasNoChildren) "/" "Entwürfe"
S: e OK *
C: f CREATE "文件夹/R&D \"x\""
S: f OK *
C: g LIST "" "文件*"
S: * LIST (\HasChildren) "/" "文件夹"
S: * LIST (\HasNoChildren) "/" "文件夹/R&D \"x\""
S: g OK *
C: h STATUS "文件夹/R&D \"x\"" (MESSAGES)
S: * STATUS "文件夹/R&D \"x\"" (MESSAGES 0)
S: h OK *
R: i SELECT "\xFF\xFE"\r\n
S: i BAD the name of the mailbox is not UTF-8
C: k APPEND "文件夹" (\Seen) UTF8 (~{17+}
P: Subject: 你好
C: )
S: k OK [APPENDUID * 1] *
C: l APPEND "文件夹" UTF8 (~{3+}
C: abc
S: l BAD *
C: m SUBSCRIBE "文件夹"
S: m OK *
C: n LSUB "" "文件*"
S: * LSUB () "/" "文件夹"
S: n OK *
