# CREATE-SPECIAL-USE (RFC 6154 §3).
C: a CREATE Old (USE (\Archive))
S: a NO [USEATTR] the mailbox with this use is Archive
C: b DELETE Archive
S: b OK *
C: c CREATE Old (USE (\archive))
S: c OK *
C: d LIST (SPECIAL-USE) "" Old
S: * LIST (\HasNoChildren \Archive) "/" Old
S: d OK *
C: e CREATE Most (USE (\All))
S: e NO [USEATTR] *
C: f CREATE Both (USE (\Sent \Trash))
S: f NO [USEATTR] *
C: g CREATE Odd (COLOUR (red))
S: g BAD *
C: h CREATE Plain (USE ())
S: h OK *
