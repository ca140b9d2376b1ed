# RFC 6856 §2.1: a client that has not said UTF8 gets a message with UTF-8 in its header in ASCII form, and that form is
# what STAT, LIST, RETR and TOP count and show.  Bodies in 8bit are nothing new (RFC 1652).
deliver
M: From: 安娜 <ann@例子.test>
M: To: 鲍勃@example.test, bob@example.test
M: Subject: 你好
M: Message-ID: <密@x>
M: Content-Type: multipart/mixed; boundary=b
M: 
M: --b
M: Content-Type: text/plain; charset=utf-8; name=文.txt
M: Content-Transfer-Encoding: 8bit
M: 
M: 正文
M: --b--
deliver
M: Subject: ascii
M: 
M: 正文
C: LIST
S: +OK *
S: 1 367
S: 2 26
S: .
C: STAT
S: +OK 2 393
C: RETR 1
S: +OK 367 octets
S: From: =?utf-8?B?5a6J5aic?= <ann@xn--fsqu00a.test>
S: To: =?utf-8?B?6bKN5YuDQGV4YW1wbGUudGVzdA==?= :;, bob@example.test
S: Subject: =?utf-8?B?5L2g5aW9?=
S: Downgraded-Message-ID: =?utf-8?B?POWvhkB4Pg==?=
S: Content-Type: multipart/mixed; boundary=b
S: 
S: --b
S: Content-Type: text/plain; charset=utf-8; name*=utf-8''%E6%96%87.txt
S: Content-Transfer-Encoding: 8bit
S: 
S: 正文
S: --b--
S: .
C: TOP 1 0
S: +OK *
S: ...
S: Subject: =?utf-8?B?5L2g5aW9?=
S: ...
S: .
# UTF8 is of the authorization state; said here, as a widespread client does, it is taken, too
C: UTF8 x
S: -ERR UTF8 takes nothing
C: UTF8
S: +OK UTF-8 from now on
C: LIST 1
S: +OK 1 268
C: TOP 1 0
S: +OK *
S: From: 安娜 <ann@例子.test>
S: ...
S: Subject: 你好
S: ...
S: .
