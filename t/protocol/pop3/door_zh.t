# RFC 6856 §3: LANG before login: every text is Chinese from then on, codes are as they were.
door tls
S: +OK jdmail is ready
C: LANG
S: +OK available languages
S: en English
S: zh 中文
S: i-default English
S: .
C: LANG zh-CN
S: +OK zh 现在使用中文
C: LANG
S: +OK 可用语言如下
S: en English
S: zh 中文
S: i-default English
S: .
C: LANG mul
S: -ERR 没有这种语言：可用的语言见 LANG
C: CAPA
S: +OK 功能如下
S: ...
S: STLS
S: .
C: USER ann
S: -ERR [SYS/PERM] 请先使用 STLS：只能通过 TLS 传送密码
C: STAT
S: -ERR 请先登录
C: UTF8 x
S: -ERR UTF8 不带参数
C: STLS
S: +OK 现在开始 TLS
C: LANG zh
S: +OK zh 现在使用中文
C: PASS pw
S: -ERR 请先使用 USER
C: USER
S: -ERR USER 需要用户名
C: USER ann
S: +OK 请输入密码
C: PASS
S: -ERR PASS 需要密码
C: AUTH NTLM
S: -ERR 未知的认证机制：可用的机制见 CAPA
P: AUTH PLAIN
C: *
S: + 
S: -ERR 已取消
C: STLS
S: -ERR 已在使用 TLS
S: -ERR 错误过多
over
