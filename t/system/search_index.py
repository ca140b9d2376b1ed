#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""search_index.py SMTP-PORT IMAP-PORT DIR: mail comes in, indexd is killed now and then, and each search
must find what was put into the messages.  search_index.py again IMAP-PORT DIR: only the searches."""
import base64, imaplib, os, random, signal, smtplib, sys, time

WORDS = ["budget", "zhang.san@corp.example", "價格合同", "价格", "国学", "發票", "Ünïcode", "report.pdf", "fw"]
COUNT = 60


def message(i):
    """Subject, then a body in one of four codings; the words that it has are those whose bit is set in i."""
    r = random.Random(i)
    has = [w for k, w in enumerate(WORDS) if (i >> (k % 6)) & 1 and r.random() < 0.7]
    text = f"message number{i}end\r\n" + "\r\n".join(f"-{w}-" for w in has) + "\r\n"
    head = f"From: bob@example.test\r\nTo: ann@example.test\r\nSubject: number {i}\r\nMIME-Version: 1.0\r\n"
    charset, raw = ("gb18030", text.encode("gb18030")) if i % 2 else ("utf-8", text.encode())
    if i % 3 == 0 and charset == "utf-8":
        return has, (head + f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode() + raw
    coded = base64.b64encode(raw).decode()
    lines = "\r\n".join(coded[k : k + 76] for k in range(0, len(coded), 76))
    return has, (head + f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}\r\n").encode()


SIMPLE = str.maketrans("價發國學", "价发国学")


def contains(has, i, wanted):
    whole = "\n".join([f"message number{i}end"] + [f"-{w}-" for w in has]).casefold().translate(SIMPLE)
    return wanted.casefold().translate(SIMPLE) in whole


def look(imap_port, known):
    m = imaplib.IMAP4("127.0.0.1", imap_port)
    m.login("ann@example.test", "pw")
    m.select("INBOX", readonly=True)
    typ, data = m.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    numbers = {}  # of the messages that are there now
    for at in data:
        if isinstance(at, tuple):
            numbers[int(at[0].split()[0])] = int(at[1].split()[-1])
    for wanted in ["價格", "价格", "格", "国", "國學", "发票", "san@corp", "n@c", "BUDGET", "ünï", "number7end", "nosuchword", "report.pdf", "价x"]:
        m.literal = wanted.encode()
        typ, found = m.search("UTF-8", "BODY")
        assert typ == "OK", found
        found = {numbers[int(n)] for n in found[0].split() if int(n) in numbers}
        right = {i for i in numbers.values() if contains(known[i], i, wanted)}
        assert found == right, (wanted, sorted(found - right), sorted(right - found))
    m.logout()
    return len(numbers)


def kill_indexd(directory):
    try:
        with open(directory + "/run/indexd.lock") as f:
            os.kill(int(f.read()), signal.SIGKILL)
    except (OSError, ValueError):
        pass  # between two lives


def main():
    known = {i: message(i)[0] for i in range(COUNT)}
    if sys.argv[1] == "again":
        assert look(int(sys.argv[2]), known) == COUNT
        return
    smtp_port, imap_port, directory = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for i in range(COUNT):
        with smtplib.SMTP("127.0.0.1", smtp_port) as s:
            s.sendmail("bob@elsewhere.test", ["ann@example.test"], message(i)[1])
        if i % 10 == 9:
            look(imap_port, known)
            kill_indexd(directory)
    until = time.time() + 60
    while look(imap_port, known) < COUNT:
        assert time.time() < until, "mail is missing"
        time.sleep(0.2)


main()
