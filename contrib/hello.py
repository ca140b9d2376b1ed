#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends a message from ann to bob through submission, with STARTTLS, and reads it back over IMAP.

hello.py PREFIX; the password is in PREFIX/etc/first-password.  Exit status 1: it did not arrive.
"""
import email.message, imaplib, json, smtplib, ssl, subprocess, sys, time, uuid

prefix = sys.argv[1]
out = subprocess.check_output(["out/release/bin/jdctl", "--prefix", prefix, "endpoints", "--json"])
ends = json.loads(out)
password = open(prefix + "/etc/first-password").read().strip()
tls = ssl.create_default_context()
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE  # the first certificate is self-signed

m = email.message.EmailMessage()
m["From"] = "Ann <ann@example.test>"
m["To"] = "Bob <bob@example.test>"
m["Subject"] = "Hello from jdmail 你好"
m["Message-ID"] = "<%s@example.test>" % uuid.uuid4()
m.set_content("This message went through submission, the queue and the store, and came back over IMAP.\n")
host, port = ends["submission"].rsplit(":", 1)
with smtplib.SMTP(host, int(port), timeout=30) as s:
    s.starttls(context=tls)
    s.login("ann@example.test", password)
    s.send_message(m)

host, port = ends["imaps"].rsplit(":", 1)
i = imaplib.IMAP4_SSL(host, int(port), ssl_context=tls)
i.login("bob@example.test", password)
for _ in range(100):
    i.select("INBOX")
    found = i.search(None, "HEADER", "Message-ID", m["Message-ID"])[1][0].split()
    if found:
        print("arrived; as bob sees it:\n")
        body = i.fetch(found[0], "(BODY.PEEK[])")[1][0][1].decode()
        print("\n".join("  | " + line for line in body.splitlines()))
        sys.exit(0)
    time.sleep(0.1)
print("the message did not arrive within 10 s; `jdctl --prefix %s queue list` and `trace` tell more" % prefix)
sys.exit(1)
