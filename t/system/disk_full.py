#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""before|fill|after PREFIX SMTP-PORT IMAP-PORT: mail until the disk is full; afterwards what is there.

What was answered is kept in PREFIX.answers between the calls.  Exit status 1: an answer that is
neither 250 nor 4xx, a message missing, twice or never promised.
"""
import collections, imaplib, json, os, re, smtplib, subprocess, sys, threading, time

what, prefix, smtp_port, imap_port = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
record = prefix + ".answers"
try:
    state = json.load(open(record))
except OSError:
    state = {"kept": [], "refused": [], "next": 0}
lock = threading.Lock()
wrong = []


def send(count, until_full):
    """`count` messages over one connection, or until twenty in a row were refused."""
    s, refused_in_a_row = None, 0
    while count and refused_in_a_row < 20:
        count -= 0 if until_full else 1
        with lock:
            name = "m%d" % state["next"]
            state["next"] += 1
        try:
            if s is None:
                s = smtplib.SMTP("127.0.0.1", smtp_port, timeout=60)
            s.sendmail("out@elsewhere.test", ["ann@example.test"], "Subject: %s\r\n\r\n%s" % (name, ("z" * 70 + "\r\n") * 280))
            refused_in_a_row = 0
            with lock:
                state["kept"].append(name)
        except smtplib.SMTPResponseException as e:
            refused_in_a_row += 1
            with lock:
                state["refused"].append(name)
                if not 400 <= e.smtp_code < 500:
                    wrong.append("%s was answered with %d %s" % (name, e.smtp_code, e.smtp_error))
                if len(state["refused"]) < 3:
                    print("refused: %d %s" % (e.smtp_code, e.smtp_error.decode()))
            if e.smtp_code == 421:
                s = None
        except (smtplib.SMTPException, OSError) as e:
            with lock:
                wrong.append("%s: %r" % (name, e))
            return


def in_parallel(count, until_full):
    threads = [threading.Thread(target=send, args=(count, until_full)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def login():
    m = imaplib.IMAP4("127.0.0.1", imap_port, timeout=60)
    m.login("ann@example.test", "pw")
    m.select("INBOX")
    return m


def append(m, size):
    name = "a%d" % state["next"]
    state["next"] += 1
    reply, text = m.append("INBOX", None, None, ("Subject: %s\r\n\r\n%s" % (name, ("a" * 70 + "\r\n") * (size // 72))).encode())
    state["kept" if reply == "OK" else "refused"].append(name)
    return reply, text


def subjects():
    m = login()
    data = m.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    return collections.Counter(p[1].split(b":")[1].strip().decode() for p in data if isinstance(p, tuple))


if what == "before":
    in_parallel(20, False)
    append(login(), 1000)
elif what == "fill":
    in_parallel(1, True)
    m = login()
    for _ in range(1000):
        reply, text = append(m, 100_000)
        if reply != "OK":
            break
    print("APPEND: %s %s" % (reply, text[0].decode()))
    if reply != "NO":
        wrong.append("APPEND on a full disk: %s" % reply)
    if m.uid("FETCH", "1", "(BODY.PEEK[])")[0] != "OK":
        wrong.append("reading does not work on a full disk")
    print("%d kept, %d refused" % (len(state["kept"]), len(state["refused"])))
    if not state["refused"] or len(state["kept"]) <= 160:
        wrong.append("the disk was never full, or always")
else:
    in_parallel(5, False)
    if append(login(), 100_000)[0] != "OK":
        wrong.append("APPEND after the disk was full")
    for tries in range(600):
        if tries % 20 == 0:  # what had been deferred would come by itself, only later
            subprocess.run([os.environ["B"] + "/jdctl", "--prefix", prefix, "queue", "flush"], check=True)
        count = subjects()
        if all(count[n] for n in state["kept"]):
            break
        time.sleep(0.1)
    wrong += ["lost: " + n for n in state["kept"] if not count[n]]
    wrong += ["twice: %s" % n for n, k in count.items() if k > 1]
    wrong += ["refused and there: " + n for n in state["refused"] if count[n]]
    print("%d kept, %d refused, %d in the mailbox" % (len(state["kept"]), len(state["refused"]), sum(count.values())))
if what == "after":
    os.unlink(record)
else:
    json.dump(state, open(record, "w"))
for w in wrong[:20]:
    print(w)
sys.exit(1 if wrong else 0)
