# What belongs before the login is refused now; texts stay ASCII whatever the client says.
C: a LOGIN ann secret
S: a BAD you are logged in already
C: b AUTHENTICATE PLAIN
S: b BAD *
C: c STATUS INBOX (MESSAGES) ü
S: c BAD STATUS does not take this:  ??
C: d SELECT INBOX
S: ...
S: d OK *
C: e LIST "" INBOX
S: * LIST (\HasNoChildren) "/" INBOX
S: e OK *
C: f CREATE INBOX/below
S: f OK *
C: g LIST "" inbox/%
S: * LIST (\HasNoChildren) "/" INBOX/below
S: g OK *
C: h SELECT INBOX/below
S: ...
S: h OK *
# The selected mailbox goes: nothing is selected.
C: i DELETE INBOX/below
S: i OK *
C: j CHECK
S: j BAD *
# Nothing in it: no number is right, every UID is.
C: k SELECT INBOX
S: ...
S: k OK *
C: l FETCH 1 FLAGS
S: l BAD *
C: m FETCH * FLAGS
S: m BAD *
C: n UID FETCH 1:* FLAGS
S: n OK *
C: o SEARCH ALL
S: * SEARCH
S: o OK *
C: p UID SEARCH UID *
S: * SEARCH
S: p OK *
