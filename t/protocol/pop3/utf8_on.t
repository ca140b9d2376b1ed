# RFC 6856 §2.1: with UTF8 every byte is as it was stored, and is counted so.
manner utf8
deliver
M: Subject: 你好
M: From: 鲍勃@example.test
M: 
M: x
deliver-raw Subject: \xC4\xE3\r\n\r\n
C: LIST
S: +OK *
S: 1 49
S: 2 15
S: .
C: RETR 1
S: +OK 49 octets
S: Subject: 你好
S: From: 鲍勃@example.test
S: 
S: x
S: .
C: TOP 1 0
S: +OK *
S: Subject: 你好
S: From: 鲍勃@example.test
S: 
S: .
C: STAT
S: +OK 2 64
