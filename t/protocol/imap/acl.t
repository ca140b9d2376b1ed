# RFC 4314: the commands that show and change who may do what.  The owner has all rights, always.
C: a CREATE Projects
S: a OK *
C: b MYRIGHTS Projects
S: * MYRIGHTS Projects "lrswipkxteacd"
S: b OK *
C: c GETACL Projects
S: * ACL Projects ann@example.test "lrswipkxteacd"
S: c OK *
C: d SETACL Projects Bob@Example.Test lrs
S: d OK *
told: ann@example.test bob@example.test=lrs
# + adds, - takes away; c and d are those of RFC 2086.
C: e SETACL Projects bob@example.test +cd
S: e OK *
C: f SETACL Projects bob@example.test -ks
S: f OK *
C: g SETACL Projects -@example.test t
S: g OK *
C: h SETACL Projects group:sales@example.test lr
S: h OK *
C: i GETACL Projects
S: * ACL Projects ann@example.test "lrswipkxteacd" -@example.test "td" bob@example.test "lrxtecd" group:sales@example.test "lr"
S: i OK *
told: ann@example.test bob@example.test=lrxte group:sales@example.test=lr
# §4: what is made below has the list of what is above.
C: j CREATE Projects/May
S: j OK *
C: k GETACL Projects/May
S: * ACL Projects/May ann@example.test "lrswipkxteacd" -@example.test "td" bob@example.test "lrxtecd" group:sales@example.test "lr"
S: k OK *
C: l DELETEACL Projects -@example.test
S: l OK *
C: m SETACL Projects group:sales@example.test ""
S: m OK *
C: n GETACL Projects
S: * ACL Projects ann@example.test "lrswipkxteacd" bob@example.test "lrxtecd"
S: n OK *
C: o LISTRIGHTS Projects Bob@example.test
S: * LISTRIGHTS Projects Bob@example.test "" l r s w i p k x t e a c d
S: o OK *
C: p LISTRIGHTS Projects ann@example.test
S: * LISTRIGHTS Projects ann@example.test "lrswipkxteacd"
S: p OK *
# The owner cannot lock herself out.
C: q SETACL Projects ann@example.test lr
S: q NO [CANNOT] *
C: r DELETEACL Projects ann@example.test
S: r NO [CANNOT] *
C: s SETACL Projects -ann@example.test a
S: s NO [CANNOT] *
C: t SETACL Projects ann@example.test +a
S: t OK *
# Mistakes.
C: u SETACL Projects bob@example.test lrq
S: u BAD *
C: v SETACL Projects bob@example.test LR
S: v BAD *
C: w SETACL Projects bob lr
S: w BAD *
C: x SETACL Nowhere bob@example.test lr
S: x NO [NONEXISTENT] *
C: y MYRIGHTS Nowhere
S: y NO [NONEXISTENT] *
C: z SETACL Projects bob@example.test
S: z BAD *
C: aa GETACL "Other Users/bob@example.test/INBOX"
S: aa NO [NONEXISTENT] *
# A renamed mailbox keeps its list, a removed one's is gone with it.
C: ab RENAME Projects Work
S: ab OK *
C: ac GETACL Work/May
S: * ACL Work/May ann@example.test "lrswipkxteacd" -@example.test "td" bob@example.test "lrxtecd" group:sales@example.test "lr"
S: ac OK *
C: ad DELETE Work/May
S: ad OK *
told: ann@example.test bob@example.test=lrxte
C: ae CREATE Work/June
S: ae OK *
C: af GETACL Work/June
S: * ACL Work/June ann@example.test "lrswipkxteacd" bob@example.test "lrxtecd"
S: af OK *
# RFC 8440
C: ag LIST "" (Work Sent) RETURN (MYRIGHTS)
S: * LIST (\HasNoChildren \Sent) "/" Sent
S: * MYRIGHTS Sent "lrswipkxteacd"
S: * LIST (\HasChildren) "/" Work
S: * MYRIGHTS Work "lrswipkxteacd"
S: ag OK *
C: ah NAMESPACE
S: * NAMESPACE (("" "/")) (("Other Users/" "/")) NIL
S: ah OK *
C: ai CREATE "Other Users/bob@example.test/mine"
S: ai NO [CANNOT] *
C: aj CREATE "Other Users"
S: aj NO [CANNOT] *
C: ak RENAME Work "Other Users/x"
S: ak NO *
