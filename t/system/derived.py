#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# derived.py: letters to somebody, and a client that lists and searches them.
#   send PORT ADDRESS N
#   append PORT ADDRESS N: the same letters, by IMAP
#   look PORT ADDRESS N: login with "pw"; what it is told is compared with what was sent
import sys

from wire import Imap, Smtp, connect

what, port, address, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def check(claim, text):
    if not claim:
        raise SystemExit(f"wrong: {text}")


def letter(i):
    head = f"From: Sender {i} <s{i}@client.test>\r\nTo: {address}\r\nSubject: Brief Nr. {i}: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    return (head + f"Message-ID: <{i}@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nline\r\n").encode()


def log_in():
    imap = Imap(connect(port))
    imap.do(f'LOGIN "{address}" "pw"')
    return imap


if what == "send":
    smtp = Smtp(connect(port))
    smtp.command("EHLO client.test", 250)
    for i in range(count):
        code, text = smtp.message("s@client.test", address, letter(i))
        check(code == 250, text)
elif what == "append":
    imap = log_in()
    for i in range(count):
        imap.append("INBOX", letter(i))
    imap.do("LOGOUT")
else:
    imap = log_in()
    imap.do("SELECT INBOX")
    seen = set()
    for answer in imap.do("FETCH 1:* (ENVELOPE BODYSTRUCTURE)"):
        items = dict(zip(answer[2][::2], answer[2][1::2]))
        envelope, structure = items["ENVELOPE"], items["BODYSTRUCTURE"]
        number = int(envelope[9].decode().split("@")[0].strip("<"))
        seen.add(number)
        check(envelope[1].startswith(f"Brief Nr. {number}: ".encode()), envelope)
        check(envelope[2][0][2] == f"s{number}".encode(), envelope)
        check(structure[:3] == [b"text", b"plain", [b"charset", b"utf-8"]] and structure[6:8] == ["6", "1"], structure)
    check(seen == set(range(count)), seen)
    answer = imap.do('UID SEARCH SUBJECT "brief nr. 7:"')
    check(len(answer) == 1 and len(answer[0][0].split()) == 2, answer)
    answer = imap.do('SEARCH SUBJECT "nr." FROM "sender 1" NOT TO "nobody"')
    check(len(answer[0][0].split()) == 1 + sum(str(i).startswith("1") for i in range(count)), answer)
    imap.do("LOGOUT")
