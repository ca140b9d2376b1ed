# RFC 6856 §3: LANG in the transaction state.  English is ASCII until a language is asked for.
prefers zh
C: LANG fr
S: -ERR no such language: LANG lists those that are known
C: LANG *
S: +OK zh 现在使用中文
C: LANG en-GB
S: +OK en this is English
C: LANG i-default
S: +OK i-default this is English
C: LANG zh-Hant-TW
S: +OK zh 现在使用中文
C: NOOP
S: +OK 连接正常
C: LANG de
S: -ERR 没有这种语言：可用的语言见 LANG
C: LANG zhx
S: -ERR 没有这种语言：可用的语言见 LANG
