#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads an instance until its file system is shut down under it, and checks afterwards what is there.

power_cut.py load|check PREFIX SMTP-PORT IMAP-PORT ROUND.  What was acknowledged, and which UID was
seen for which message, is kept beside the prefix in PREFIX.seen, and grows over the rounds.
An fdatasync that is under way when ext4 is shut down may return 0 though nothing was kept (a power cut lets
nobody hear that 0), so what was asked for before the cut and answered after it began is not counted.
Exit status 1: something acknowledged is missing, came twice, a UID names another message, or something
that was asked for after the cut was acknowledged.
"""
import collections, fcntl, imaplib, json, os, random, re, smtplib, struct, subprocess, sys, threading, time

what, prefix, smtp_port, imap_port, cycle = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
jdctl = [os.environ.get("B", "out/release/bin") + "/jdctl", "--prefix", prefix]
record = prefix + ".seen"
Known = collections.namedtuple("Known", "once again appended flagged expunged uids users folders")
try:
    known = Known(**json.load(open(record)))
except OSError:
    known = Known([], [], {}, [], [], {}, [], [])
stop = threading.Event()
lock = threading.Lock()
SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN, the same number as XFS_IOC_GOINGDOWN
NEVER = float("inf")
cut_began = cut_ended = NEVER
late = []


def cut():
    global cut_began, cut_ended
    d = os.open(prefix, os.O_RDONLY)
    with lock:
        cut_began = time.monotonic()
    fcntl.ioctl(d, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
    cut_ended = time.monotonic()
    os.close(d)


def acknowledged(asked, note, *what):
    """Notes what was asked for at ASKED (monotonic) and is acknowledged now, when that was before the cut."""
    with lock:
        if cut_began == NEVER:
            note(*what)
        elif asked > cut_ended:
            late.append(what)


def until_cut(work):
    """A thread that repeats WORK, and begins anew after an error, until the power is gone."""
    def run():
        while not stop.is_set():
            try:
                work()
            except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, subprocess.SubprocessError):
                time.sleep(0.05)
    t = threading.Thread(target=run, daemon=True)
    t.start()
    return t


def login():
    m = imaplib.IMAP4("127.0.0.1", imap_port, timeout=10)
    m.login("ann@example.test", "pw")
    return m


def ok(reply):
    if reply[0] != "OK":
        raise imaplib.IMAP4.error(reply)
    return reply[1]


class Sender:
    def __init__(self, number):
        self.number, self.next, self.failed = number, 0, False

    def __call__(self):
        s = smtplib.SMTP("127.0.0.1", smtp_port, timeout=10)
        while not stop.is_set():
            name = "s%d.%d.%d" % (cycle, self.number, self.next)
            body = "Subject: %s\r\n\r\n%s" % (name, ("y" * 70 + "\r\n") * random.choice([1, 50, 280]))
            again, self.failed = self.failed, True
            asked = time.monotonic()
            s.sendmail("out@elsewhere.test", ["ann@example.test"], body)
            acknowledged(asked, (known.again if again else known.once).append, name)
            self.next, self.failed = self.next + 1, False


class Writer:
    """APPENDs, flags one of three, expunges one of three; makes folders."""
    def __init__(self):
        self.next = 0

    def __call__(self):
        m = login()
        while not stop.is_set():
            name = "a%d.%d" % (cycle, self.next)
            self.next += 1
            asked = time.monotonic()
            data = ok(m.append("INBOX", None, None, ("Subject: %s\r\n\r\nappended\r\n" % name).encode()))
            uid = re.search(rb"APPENDUID (\d+) (\d+)", data[0]).group(2).decode()
            acknowledged(asked, known.appended.__setitem__, name, uid)
            ok(m.select("INBOX"))
            asked = time.monotonic()
            if self.next % 3 == 0:
                ok(m.uid("STORE", uid, "+FLAGS", "(\\Flagged $Mark)"))
                acknowledged(asked, known.flagged.append, name)
            elif self.next % 3 == 1:
                with lock:
                    known.appended.pop(name, None)
                ok(m.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)"))
                ok(m.uid("EXPUNGE", uid))
                acknowledged(asked, known.expunged.append, name)
            if self.next % 20 == 0:
                asked = time.monotonic()
                ok(m.create("Box/%s" % name))
                acknowledged(asked, known.folders.append, "Box/%s" % name)


def read_all(m):
    """(uid, subject, flags) of each message in INBOX."""
    ok(m.select("INBOX", readonly=True))
    for part in ok(m.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
        if isinstance(part, tuple):
            yield (re.search(rb"UID (\d+)", part[0]).group(1).decode(), part[1].split(b":")[1].strip().decode(),
                   re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split())


def reader():
    m = login()
    while not stop.is_set():
        asked = time.monotonic()
        for uid, name, _ in read_all(m):
            acknowledged(min(asked, cut_ended), known.uids.setdefault, uid, name)  # reading goes on without a disk


def add_users():
    name = "u%d-%d@example.test" % (cycle, time.time_ns())
    asked = time.monotonic()
    subprocess.run(jdctl + ["user", "add", name, "--password-stdin"], input=b"pw\n", check=True, capture_output=True, timeout=10)
    acknowledged(asked, known.users.append, name)


def load():
    threads = [until_cut(w) for w in [Sender(i) for i in range(8)] + [Writer(), reader, add_users]]
    time.sleep(random.uniform(2, 5))
    cut()
    time.sleep(0.3)  # whoever would still acknowledge, now, is found out
    stop.set()
    with lock:
        json.dump(known._asdict(), open(record, "w"))
    print("round %d: %d by SMTP, %d appended, %d flagged, %d expunged, %d accounts, %d folders, then the power failed" % (
        cycle, len(known.once) + len(known.again), len(known.appended), len(known.flagged), len(known.expunged), len(known.users), len(known.folders)))
    for l in late:
        print("acknowledged after the cut:", *l)
    sys.stdout.flush()
    os._exit(1 if late else 0)


def check():
    wrong = []
    for tries in range(300):  # what was queued is delivered now
        try:
            m = login()
            seen = list(read_all(m))
            count = collections.Counter(name for _, name, _ in seen)
            folders = [f.decode() for f in ok(m.list())]
            m.logout()
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.1)
            continue
        if all(count[n] for n in known.once + known.again):
            break
        time.sleep(0.1)
    wrong += ["lost: " + n for n in known.once + known.again if not count[n]]
    wrong += ["twice: %s" % n for n in known.once + list(known.appended) if count[n] > 1]
    by_uid = {uid: name for uid, name, _ in seen}
    wrong += ["UID %s of %s names %s" % (uid, n, by_uid.get(uid)) for n, uid in known.appended.items() if by_uid.get(uid) != n]
    wrong += ["UID %s was %s and is %s" % (uid, n, by_uid[uid]) for uid, n in known.uids.items() if uid in by_uid and by_uid[uid] != n]
    flags = {name: f for _, name, f in seen}
    wrong += ["flags of %s: %s" % (n, flags.get(n)) for n in known.flagged if n in known.appended and not {"\\Flagged", "$Mark"} <= set(flags.get(n, []))]
    wrong += ["expunged and back: " + n for n in known.expunged if count[n]]
    users = subprocess.run(jdctl + ["user", "list"], check=True, capture_output=True, text=True).stdout
    wrong += ["account lost: " + u for u in known.users if u not in users]
    wrong += ["folder lost: " + f for f in known.folders if not any(f in line for line in folders)]
    known.uids.update(by_uid)
    json.dump(known._asdict(), open(record, "w"))
    for w in wrong[:20]:
        print(w)
    print("round %d: %d messages, %d wrong" % (cycle, len(seen), len(wrong)))
    sys.exit(1 if wrong else 0)


load() if what == "load" else check()
