#!/bin/sh
# SPDX-License-Identifier: MIT
# COMPRESS=DEFLATE and METADATA through the front door: what a sandboxed session may do.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: no python3"; exit 0; }
instance
python3 - "$(port 143)" <<'PY' || fail "a compressed session"
import socket, sys, zlib
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
pack, unpack = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
state = {"on": False, "said": b""}
def until(tag):
    while True:
        for line in state["said"].split(b"\r\n")[:-1]:
            if line.startswith(tag + b" "): return state.__setitem__("said", b"") or line
        got = s.recv(65536)
        assert got, state["said"]
        state["said"] += unpack.decompress(got) if state["on"] else got
def ask(tag, line):
    data = tag + b" " + line + b"\r\n"
    s.sendall(pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH) if state["on"] else data)
    return until(tag)
until(b"*")
assert b"OK" in ask(b"a", b"LOGIN ann@example.test pw")
assert b"OK" in ask(b"b", b"COMPRESS DEFLATE")
state["on"] = True
assert b"OK" in ask(b"c", b'SETMETADATA INBOX (/private/comment "kept")')
assert b"OK" in ask(b"d", b"SETMETADATA INBOX (/private/comment NIL)")
assert b"APPENDUID" in ask(b"e", b"APPEND INBOX {12+}\r\nSubject: one {12+}\r\nSubject: two")
assert b"OK" in ask(b"f", b"SELECT INBOX (CONDSTORE)")
assert b"OK" in ask(b"g", b"FETCH 1:2 (BODY[] PREVIEW THREADID)")
PY
