# The same: what the directory and the store say; the session goes on in Chinese.
door clear
S: +OK jdmail is ready
C: LANG ZH
S: +OK zh 现在使用中文
C: STLS
S: -ERR 此处不提供 TLS
P: USER temp
C: PASS pw
S: +OK *
S: -ERR [SYS/TEMP] 暂时无法登录，请稍后再试
P: USER full
C: PASS pw
S: +OK *
S: -ERR [SYS/TEMP] 邮箱暂时不可用，请稍后再试
P: USER soon
C: PASS pw
S: +OK *
S: -ERR [LOGIN-DELAY] 距上次登录时间过短，请稍后再试
P: USER ann
C: PASS no
S: +OK *
S: -ERR [AUTH] 用户名或密码错误
C: AUTH PLAIN !
S: -ERR 认证数据格式错误
C: AUTH PLAIN Ym9iAGFubgBwdw==
S: -ERR [AUTH] 不能以其他账户的身份登录
R: USER \xFF\r\n
S: -ERR 用户名和密码必须是 UTF-8，且不含控制字符
C: UTF8
S: +OK 已启用 UTF-8
C: AUTH
S: +OK 认证机制如下
S: ...
S: .
P: USER ann
C: PASS pw
S: +OK *
S: +OK 登录成功
C: STAT
S: +OK 0 0
C: RSET
S: +OK 已取消所有删除标记
C: QUIT
S: +OK 再见
over
