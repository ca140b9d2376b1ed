# Mistakes get a clear answer each, harm nothing, and too many of them end the session.
max-bad 8
C: 
S: * BAD *
C: a
S: a BAD *
C: b XYZZY
S: b BAD no such command: XYZZY
C: c UID LIST "" *
S: c BAD *
C: d CAPABILITY now
S: d BAD *
C: e ENABLE CONDSTORE X-UNKNOWN
S: * ENABLED CONDSTORE
S: e OK *
C: f ID ("name" "test" "version" NIL)
S: * ID ("name" "jdmail" *
S: f OK *
C: g ID NIL
S: * ID *
S: g OK *
C: h SELECT {70000}
S: h NO [TOOBIG] *
C: i NOOP
S: i OK *
C: j SELECT "unfinished
S: j BAD *
C: k LIST (NONSENSE) "" *
S: k BAD *
S: * BYE too many bad commands
over
