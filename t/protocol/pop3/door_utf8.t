# RFC 6856 §2: UTF8 is of the authorization state, has no argument, and holds for the session that follows.
door tls clear
deliver
M: Subject: 你好
M: 
M: x
S: +OK jdmail is ready
C: UTF8 x
S: -ERR UTF8 takes nothing
C: UTF8
S: +OK UTF-8 from now on
# §2.1: no STLS behind it
C: STLS
S: -ERR STLS comes before UTF8
# §2.2: names and passwords are UTF-8, whether UTF8 was said or not; what stringprep forbids is refused
R: USER \xFF\xFE\r\n
S: -ERR names and passwords are UTF-8, without control characters
R: USER a\xE2\x80\xA8b\r\n
S: -ERR names and passwords are UTF-8, without control characters
C: USER 安
S: +OK and the password?
R: PASS \xC3\r\n
S: -ERR names and passwords are UTF-8, without control characters
C: PASS 密码
S: -ERR [AUTH] wrong user name or password
# a full-width name is the same name (RFC 4013)
C: USER ａｎｎ
S: +OK and the password?
C: PASS pw
S: +OK logged in
C: LIST
S: +OK *
S: 1 22
S: .
C: RETR 1
S: +OK 22 octets
S: Subject: 你好
S: 
S: x
S: .
