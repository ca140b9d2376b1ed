# RFC 1939 §11: sizes are those of what RETR sends, line ends of two bytes, doubled dots not counted.
deliver-raw Subject: bare\n\na\n.b\n
deliver-raw Subject: unfinished\r\n\r\nlast line
deliver-raw Subject: cr\r\n\r\nlast\r
deliver-raw Subject: whole\r\n\r\n.\r\r\n
C: STAT
S: +OK 4 101
C: LIST
S: +OK *
S: 1 24
S: 2 34
S: 3 21
S: 4 22
S: .
C: LIST 2
S: +OK 2 34
C: RETR 1
S: +OK 24 octets
S: Subject: bare
S: 
S: a
S: ..b
S: .
C: RETR 2
S: +OK 34 octets
S: Subject: unfinished
S: 
S: last line
S: .
C: RETR 3
S: +OK 21 octets
S: Subject: cr
S: 
S: last
S: .
C: RETR 4
S: +OK 22 octets
S: ...
S: .
C: UIDL 9
S: -ERR no such message
