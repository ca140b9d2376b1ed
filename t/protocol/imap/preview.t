# RFC 8970: 200 characters of what is to be read, HTML without its tags; never NIL.
deliver
M: Subject: one
M: Content-Type: text/html; charset=utf-8
M: 
M: <html><head><style>p {}</style></head><body><p>Hello,</p> <b>you</b> &amp; all</body></html>
deliver
M: Subject: two
M: Content-Type: text/plain; charset=gb2312
M: Content-Transfer-Encoding: base64
M: 
M: xOO6ww==
deliver
M: Subject: three
M: Content-Type: application/pdf
M: 
M: %PDF
C: a SELECT INBOX
S: ...
S: a OK *
C: b FETCH 1 (PREVIEW)
S: * 1 FETCH (PREVIEW "Hello, you & all")
S: b OK *
C: c FETCH 2:3 PREVIEW (LAZY)
S: * 2 FETCH (PREVIEW {6}
S: 你好)
S: * 3 FETCH (PREVIEW "")
S: c OK *
C: d FETCH 1 (PREVIEW (LAZY) FLAGS)
S: * 1 FETCH (PREVIEW "Hello, you & all" FLAGS (\Recent))
S: d OK *
C: e FETCH 1 (PREVIEW (EAGER))
S: e BAD *
