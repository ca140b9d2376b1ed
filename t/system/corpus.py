# SPDX-License-Identifier: MIT
# corpus.py PORT_SMTP PORT_IMAP PORT_POP3 FOLDER EXPECTED: every mail message below FOLDER goes in over
# SMTP and comes out over IMAP and POP3, byte for byte but for the trace fields; its parts are as its
# BODYSTRUCTURE says.  Refused may be only what smtpd(8) says it refuses: a bare CR (554), a line over
# 1 MiB (554), 100 Received fields (554).  EXPECTED: a file "name structure" per line, or "-".
import multiprocessing
import os
import re
import sys
import threading
import time

from wire import Imap, Pop3, Smtp, connect

SMTP, IMAP, POP3 = (int(p) for p in sys.argv[1:4])
FOLDER, EXPECTED = sys.argv[4:6]
WHO, PASSWORD = "ann@example.test", "pw"
MAIL_NAMES = (".eml", ".msg", ".mbox")
OTHER_NAMES = (".json", ".xml", ".md", ".yml", ".cmy", ".html", ".rtf", ".out", ".tinydns", ".bind9", ".pub", ".ics")
FIELD = re.compile(rb"(from|to|cc|subject|date|received|return-path|message-id|mime-version|content-type|delivered-to|"
                   rb"reply-to|dkim-signature|x-[-\w]+)[ \t]*:", re.I)
TRACE = re.compile(rb"Return-Path: <out@elsewhere\.test>\r\nDelivered-To: ann\+(\d+)@example\.test\r\n"
                   rb"Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby \S+ with (?:ESMTP|UTF8SMTP)\r\n"
                   rb"\tfor <ann\+(\d+)@example\.test>;\r\n\t[^\r\n]+\r\n")
problems = []


def problem(name, what):
    problems.append(f"{name}: {what}")


# ---- what is a message, and how SMTP carries it

def is_mail(path, data):
    name = os.path.basename(path)
    if name.endswith(MAIL_NAMES):
        return True
    if name.endswith(OTHER_NAMES) or name.startswith(("LICEN", "COPYING")):
        return False
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0].splitlines()[:40]
    if head and head[0].startswith(b"From "):
        head.pop(0)
    return bool(head) and re.match(rb"[!-9;-~]+[ \t]*:", head[0]) is not None and any(FIELD.match(l) for l in head)


def messages_of(path, data):
    """The messages of one file: an mbox's one by one."""
    if not data.startswith(b"From "):
        return [data]
    pieces = re.split(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n", data)
    return [p for p in pieces[1:] if p] or [data]


def wire_form(data):
    """CRLF line ends, the last line ended: what DATA carries."""
    data = re.sub(rb"\r?\n", b"\r\n", data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def why_refused(data):
    if re.search(rb"\r(?!\n)", data):
        return "bare CR"
    if max(map(len, data.split(b"\r\n"))) > 1 << 20:
        return "long line"
    header = re.split(rb"(?m)^\r\n", data, maxsplit=1)[0]
    return "hops" if len(re.findall(rb"(?mi)^received[ \t]*:", header)) >= 100 else None


def collect():
    found = []
    for root, _, names in sorted(os.walk(FOLDER)):
        for name in sorted(names):
            path = os.path.join(root, name)
            with open(path, "rb") as f:
                data = f.read()
            if is_mail(path, data):
                label = os.path.relpath(path, FOLDER)
                for i, one in enumerate(messages_of(path, data)):
                    found.append((f"{label}#{i}" if i else label, wire_form(one)))
    return found


def made_here():
    """What is too large to keep as a file."""
    head = b"From: ann@example.test\r\nSubject: made here\r\n"
    yield "(a line of 1 MiB)", head + b"\r\n" + b"x" * (1 << 20) + b"\r\n"
    yield "(a line of 1 MiB and one)", head + b"\r\n" + b"x" * ((1 << 20) + 1) + b"\r\n"
    yield "(99 hops)", b"Received: by x.test; now\r\n" * 99 + head + b"\r\n"
    yield "(100 hops)", b"Received: by x.test; now\r\n" * 100 + head + b"\r\n"
    parts = b"".join(b"--b\r\n\r\n%d\r\n" % i for i in range(1500))
    yield "(1500 parts)", head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"


# ---- in

def is_utf8(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def send(todo, refused):
    s = Smtp(connect(SMTP))
    s.command("EHLO client.test", 250)
    while True:
        try:
            number, (name, data) = todo.pop()
        except IndexError:
            break
        header = re.split(rb"(?m)^\r\n", data, maxsplit=1)[0]
        beyond = " SMTPUTF8" if name.startswith("smtputf8") or (not header.isascii() and is_utf8(header)) else ""
        code, text = s.message("out@elsewhere.test", f"ann+{number}@example.test", data, " BODY=8BITMIME" + beyond)
        why = why_refused(data)
        if code == 250 and not why:
            continue
        refused[number] = why
        if not why or code != 554 or not {"bare CR": "bare CR", "long line": "too long", "hops": "too many hosts"}[why] in text:
            problem(name, f"{code} {text} (expected: {why or 'to be taken'})")
    s.command("QUIT", 221)


def send_all(mail):
    todo, refused = list(enumerate(mail))[::-1], {}

    def run():
        try:
            send(todo, refused)
        except Exception as e:  # told with the rest
            problem("SMTP session", repr(e))
    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return refused


# ---- out

def login():
    m = Imap(connect(IMAP))
    m.do(f'LOGIN {WHO} {PASSWORD}')
    m.do("EXAMINE INBOX")
    return m


def wait_until_delivered(count):
    m = Imap(connect(IMAP))
    m.do(f'LOGIN {WHO} {PASSWORD}')
    for _ in range(600):
        have = int(m.do("STATUS INBOX (MESSAGES)")[0][2][1])
        if have >= count:
            break
        time.sleep(0.1)
    m.do("LOGOUT")
    return have


def parts_of(body, number=""):
    """(section, structure) of every part below; "" stands for the message itself."""
    below = number + "." if number else ""
    if isinstance(body[0], list):
        if number:
            yield number, body
        count = next(i for i, x in enumerate(body) if not isinstance(x, list))
        for i in range(count):
            yield from parts_of(body[i], f"{below}{i + 1}")
        return
    number = number or "1"
    yield number, body
    if is_message(body):
        inner = body[8]
        if isinstance(inner[0], list):  # a multipart inside: its parts are number.1, number.2
            count = next(i for i, x in enumerate(inner) if not isinstance(x, list))
            for i in range(count):
                yield from parts_of(inner[i], f"{number}.{i + 1}")
        else:
            yield from parts_of(inner, f"{number}.1")


def is_message(body):
    return not isinstance(body[0], list) and body[0].lower() == b"message" and body[1].lower() in (b"rfc822", b"global")


def shape(body):
    if isinstance(body[0], list):
        count = next(i for i, x in enumerate(body) if not isinstance(x, list))
        return f"{body[count].decode()}({' '.join(shape(b) for b in body[:count])})"
    name = f"{body[0].decode()}/{body[1].decode()}"
    return f"{name}({shape(body[8])})" if is_message(body) else name


def sections(body):
    """The sections to fetch, with what their answer must be like."""
    wanted = {}
    for number, part in parts_of(body):
        wanted[number] = part
        if number != "1" or isinstance(body[0], list):
            wanted[number + ".MIME"] = None
        if is_message(part):
            wanted[number + ".HEADER"] = wanted[number + ".TEXT"] = None
    return wanted


def check_parts(name, whole, wanted, got):
    """got: {section: bytes}"""
    for number, part in wanted.items():
        data = got[number]
        if data is not None and data not in whole:
            problem(name, f"BODY[{number}] is no piece of the message")
        if part is None or isinstance(part[0], list):
            continue
        size, lines = int(part[6]), part[9] if is_message(part) else part[7] if part[0].lower() == b"text" else None
        if size != len(data or b""):
            problem(name, f"BODY[{number}] has {len(data or b'')} bytes, BODYSTRUCTURE says {size}")
        if lines is not None and int(lines) != (data or b"").count(b"\n"):
            problem(name, f"BODY[{number}] has {data.count(bytes([10]))} lines, BODYSTRUCTURE says {lines}")
        if is_message(part) and (got[number + ".HEADER"] or b"") + (got[number + ".TEXT"] or b"") != data:
            problem(name, f"BODY[{number}] is not its HEADER and TEXT")


def check_whole(name, items):
    whole = items["BODY[]"]
    if int(items["RFC822.SIZE"]) != len(whole):
        problem(name, f"RFC822.SIZE {items['RFC822.SIZE']}, {len(whole)} bytes")
    if items["BODY[HEADER]"] + (items["BODY[TEXT]"] or b"") != whole:
        problem(name, "BODY[HEADER] and BODY[TEXT] are not BODY[]")
    if len(items["ENVELOPE"]) != 10:
        problem(name, f"ENVELOPE has {len(items['ENVELOPE'])} fields")
    if not items["BODY"] or not items["BODYSTRUCTURE"]:
        problem(name, "no BODY")


ITEMS = "(RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT])"


def read_imap(m, first, last, name_of):
    """Checks the messages first..last; {number of message: (bytes, shape)}."""
    result = {}
    for begin in range(first, last + 1, 40):
        end = min(begin + 39, last)
        asked, commands = {}, []
        for answer in m.do(f"FETCH {begin}:{end} {ITEMS}"):
            n, items = int(answer[0]), m.fetched(answer)
            if "BODY[]" not in items:  # what POP3 has read meanwhile is told
                continue
            whole = items["BODY[]"]
            name = name_of(whole)
            check_whole(name, items)
            result[n] = (whole, shape(items["BODYSTRUCTURE"]))
            wanted = sections(items["BODYSTRUCTURE"])
            asked[n] = (name, whole, wanted, {})
            keys = list(wanted)
            for i in range(0, len(keys), 60):
                commands.append(f"FETCH {n} ({' '.join(f'BODY.PEEK[{k}]' for k in keys[i:i + 60])})")
        if set(asked) != set(range(begin, end + 1)):
            problem("IMAP", f"FETCH {begin}:{end} answered for {sorted(asked)}")
        for i in range(0, len(commands), 20):
            for tag in [m.start(c) for c in commands[i:i + 20]]:
                for answer in m.answers(tag):
                    parts = {k[5:-1]: v for k, v in m.fetched(answer).items() if k.startswith("BODY[")}
                    if parts:
                        asked[int(answer[0])][3].update(parts)
        for name, whole, wanted, got in asked.values():
            if set(got) != set(wanted):
                problem(name, f"asked for {sorted(wanted)}, got {sorted(got)}")
            else:
                check_parts(name, whole, wanted, got)
    return result


def imap_worker(job):
    first, last, mail = job
    seen = {}
    try:
        m = login()
        for n, (whole, form) in read_imap(m, first, last, lambda w: name_by_trace(w, mail)).items():
            t = TRACE.match(whole)
            if not t or t[1] != t[2]:
                problem(f"message {n}", f"unexpected trace fields: {whole[:400]!r}")
                continue
            name, data = mail[int(t[1])]
            seen.setdefault(int(t[1]), []).append(form)
            if whole[t.end():] != data.replace(b"\0", b"\x80"):  # RFC 3501 §4.3: no NUL in a literal
                problem(name, "not what was sent")
        m.do("LOGOUT")
    except Exception as e:
        problem(f"IMAP {first}:{last}", repr(e))
    return seen, problems


def name_by_trace(whole, mail):
    t = TRACE.match(whole)
    return mail[int(t[1])][0] if t else "?"


def pop3_worker(job):
    count, mail = job
    try:
        p = Pop3(connect(POP3))
        p.command("UTF8")  # without it headers come in ASCII form
        p.command(f"USER {WHO}")
        p.command(f"PASS {PASSWORD}")
        if int(p.command("STAT").split()[1]) != count:
            problem("POP3", "STAT does not tell the same number")
        for begin in range(1, count + 1, 40):
            numbers = range(begin, min(begin + 40, count + 1))
            p.send("".join(f"RETR {n}\r\nTOP {n} 0\r\nTOP {n} 3\r\n" for n in numbers).encode())
            for _ in numbers:
                whole, top, top3 = p.lines(), p.lines(), p.lines()
                t = TRACE.match(whole)
                if not t:
                    problem("POP3", f"unexpected trace fields: {whole[:400]!r}")
                    continue
                name, data = mail[int(t[1])]
                if whole[t.end():] != data:
                    problem(name, "RETR is not what was sent")
                empty = whole.find(b"\r\n\r\n")  # without one the header ends where lib/mime/header.h says
                head = top if empty < 0 and whole.startswith(top) else whole if empty < 0 else whole[:empty + 4]
                body = whole[len(head):]
                if top != head:
                    problem(name, f"TOP 0 is not the header: {top[:200]!r}")
                elif top3 != top + re.match(rb"(?:[^\n]*\n){0,3}", body)[0]:
                    problem(name, "TOP 3 is not the header and three lines")
        p.command("QUIT")
    except Exception as e:
        problem("POP3", repr(e))
    return {}, problems


# APPEND has no trace fields and needs no line end at the end.
def append_all(mail):
    m = Imap(connect(IMAP))
    m.do(f'LOGIN {WHO} {PASSWORD}')
    m.do("CREATE appended")
    as_is = [(name, data[:-2] if i % 2 else data) for i, (name, data) in enumerate(mail) if b"\0" not in data]
    for _, data in as_is:
        m.append("appended", data)
    m.do("EXAMINE appended")
    back = read_imap(m, 1, len(as_is), lambda w: next((n for n, d in as_is if d == w), "appended ?"))
    for i, (name, data) in enumerate(as_is):
        if back[i + 1][0] != data:
            problem(name, "not what was appended")
    m.do("LOGOUT")


def main():
    mail, own = collect(), EXPECTED != "-"
    if own:
        mail += made_here()
    refused = send_all(mail)
    count = len(mail) - len(refused)
    have = wait_until_delivered(count)
    if have != count:
        problem("INBOX", f"{have} messages, {count} accepted")
    half = have // 2
    with multiprocessing.Pool(3) as pool:
        jobs = [pool.apply_async(pop3_worker, ((have, mail),)), pool.apply_async(imap_worker, ((1, half, mail),)),
                pool.apply_async(imap_worker, ((half + 1, have, mail),))]
        seen = {}
        for job in jobs:
            forms, found = job.get()
            problems.extend(found)
            for k, v in forms.items():
                seen.setdefault(k, []).extend(v)
    for number, (name, _) in enumerate(mail):
        times = len(seen.get(number, []))
        if times != (number not in refused):
            problem(name, f"{times} times in the mailbox")
    if own:
        append_all([(n, d) for n, d in mail if len(d) < 100000])
        with open(EXPECTED) as f:
            expected = dict(line.rstrip("\n").split(" ", 1) for line in f if line[0] != "#")
        for number, forms in seen.items():
            name = mail[number][0]
            if name.endswith(".eml") and expected.get(name) != forms[0]:
                problem(name, f"has the structure {forms[0]}, expected {expected.get(name)}")
    reasons = sorted(refused.values(), key=str)
    print(f"{len(mail)} messages, {sum(len(d) for _, d in mail) >> 10} KB; refused: " +
          (", ".join(f"{reasons.count(r)} for {r}" for r in sorted(set(reasons), key=str)) or "none"))
    for p in problems[:60]:
        print(p)
    sys.exit(1 if problems else 0)


main()
