# RFC 2595 §4: what was said before TLS is forgotten, LANG too.
door tls
S: +OK jdmail is ready
C: LANG zh
S: +OK zh 现在使用中文
C: STLS
S: +OK 现在开始 TLS
C: STAT
S: -ERR log in first
