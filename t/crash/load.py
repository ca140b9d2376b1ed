#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends N messages over SESSIONS connections while daemons are killed, then checks the mailbox.

load.py PREFIX SMTP-PORT IMAP-PORT N SESSIONS HOW: 0: nothing happens; 1: a daemon is killed each second; the path
of jdctl: the instance is stopped in order and started again all the time.  A message whose 250 was lost is sent again
under the same Message-ID, so it may come twice; one that was acknowledged at its first attempt comes
exactly once.  Exit status 1: one that was acknowledged is missing or came twice.
"""
import imaplib, os, random, signal, smtplib, subprocess, sys, threading, time, collections

prefix, smtp_port, imap_port, n, sessions = sys.argv[1], *map(int, sys.argv[2:6])
kill, jdctl = sys.argv[6] == "1", sys.argv[6] if "/" in sys.argv[6] else None
todo = list(range(n))
lock = threading.Lock()
once, again = set(), set()
filler = "x" * 70 + "\r\n"

def sender():
    s = None
    while True:
        with lock:
            if not todo:
                return
            i = todo.pop()
        attempts = 0
        body = "Message-ID: <%d@load.test>\r\nSubject: %d\r\n\r\n%s" % (i, i, filler * (50 if i % 2 else 280))
        deadline = time.time() + 60
        while True:
            attempts += 1
            try:
                if s is None:
                    s = smtplib.SMTP("127.0.0.1", smtp_port, timeout=20)
                s.sendmail("out@elsewhere.test", ["ann@example.test"], body)
                with lock:
                    (once if attempts == 1 else again).add(i)
                break
            except (OSError, smtplib.SMTPException):
                s = None
                if time.time() > deadline:
                    print("no server took message %d for a minute" % i)
                    os._exit(1)
                time.sleep(0.05)

threads = [threading.Thread(target=sender) for _ in range(sessions)]
start = time.time()
for t in threads:
    t.start()
victims = ["directoryd", "queue-inject", "qrun", "local-deliver", "smtpd"]
killed = stopped = doubtful = 0
while any(t.is_alive() for t in threads):
    time.sleep(1)
    if jdctl:
        subprocess.run([jdctl, "--prefix", prefix, "stop"], check=True, stdout=subprocess.DEVNULL)
        with open(prefix + "/queue/journal/stopped") as f:
            note = f.read().split("\n")
        assert note[0].startswith("jdmail-stopped 1 ") and note[-2:] == ["end", ""], note
        doubtful += len(note) - 3
        subprocess.run([jdctl, "--prefix", prefix, "start"], check=True, stdout=subprocess.DEVNULL)
        stopped += 1
    if not kill:
        continue
    try:
        os.kill(int(open("%s/run/%s.lock" % (prefix, random.choice(victims))).read()), signal.SIGKILL)
        killed += 1
    except (OSError, ValueError):
        pass
seconds = time.time() - start
seen = collections.Counter()
for _ in range(600):
    try:
        m = imaplib.IMAP4("127.0.0.1", imap_port)
        m.login("ann@example.test", "pw")
        m.select("INBOX", readonly=True)
        seen = collections.Counter()
        data = m.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        for part in data:
            if isinstance(part, tuple):
                seen[int(part[1].split(b":")[1])] += 1
        m.logout()
    except (OSError, imaplib.IMAP4.error, ValueError):
        pass
    if all(seen[i] for i in once | again):
        break
    time.sleep(0.2)
time.sleep(1)
lost = [i for i in once | again if not seen[i]]
twice = [i for i in once if seen[i] > 1]
print("%d messages, %d kills, %d restarts with %d messages in doubt, %d sent again; %d lost, %d twice; %.0f/s" % (n, killed, stopped, doubtful, len(again), len(lost), len(twice), n / seconds))
# Those in doubt are few: what was under way ends before the programs do.
sys.exit(1 if lost or twice or doubtful > n / 20 or (jdctl and not stopped) else 0)
