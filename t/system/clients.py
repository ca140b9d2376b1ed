# SPDX-License-Identifier: MIT
# clients.py SMTP SUBMISSION IMAP IMAPS POP3 POP3S: Python's own clients as a user's programs use them.
# ann has three messages in INBOX; two are sent to bob.
import email.message
import email.policy
import imaplib
import poplib
import smtplib
import socket
import ssl
import sys

SMTP, SUBMISSION, IMAP, IMAPS, POP3, POP3S = (int(p) for p in sys.argv[1:])
HOST, ANN = "127.0.0.1", "ann@example.test"
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE


def submission():
    m = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
    m["From"], m["To"], m["Subject"] = ANN, "bob@example.test", "Grüße"
    m.set_content("übel\n.\n..\n")
    m.add_attachment(b"\0\1\2", maintype="application", subtype="octet-stream", filename="名.bin")
    with smtplib.SMTP(HOST, SUBMISSION) as s:
        s.starttls(context=tls)
        for wrong in ("no", ""):
            try:
                s.login(ANN, wrong)
                raise AssertionError("logged in")
            except smtplib.SMTPAuthenticationError as e:
                assert e.smtp_code == 535 or not wrong, e
        s.login(ANN, "pw")
        s.send_message(m)
        refused = s.sendmail(ANN, ["bob@example.test", "nobody@example.test"], b"Subject: two\r\n\r\nx\r\n")
        assert list(refused) == ["nobody@example.test"] and refused["nobody@example.test"][0] == 550, refused
        assert s.verify("bob")[0] == 252 and s.noop()[0] == 250


def injection():
    """RFC 3207 §5, CVE-2011-0411: commands in the clear behind STARTTLS are not obeyed inside."""
    for port, greeting, start, inside in ((SMTP, b"220", b"EHLO x\r\nSTARTTLS\r\nNOOP\r\n", b"EHLO y\r\n"),
                                          (IMAP, b"* OK", b"a STARTTLS\r\nb NOOP\r\n", b"c CAPABILITY\r\n"),
                                          (POP3, b"+OK", b"STLS\r\nCAPA\r\n", b"QUIT\r\n")):
        s = socket.create_connection((HOST, port), timeout=20)
        assert s.recv(4096).startswith(greeting)
        s.sendall(start)
        said = b""
        while not any(w in said for w in (b"220 2.0.0", b"a OK", b"+OK")):
            said += s.recv(1)  # not one byte of the handshake
        while not said.endswith(b"\r\n"):
            said += s.recv(1)
        t = tls.wrap_socket(s)
        t.sendall(inside)
        first = t.recv(4096)
        expected = {SMTP: b"250-", IMAP: b"* CAPABILITY", POP3: b"+OK"}[port]
        assert first.startswith(expected), first
        if port == IMAP:
            assert b"b OK" not in first, first
        t.close()


def imap():
    for m in (imaplib.IMAP4(HOST, IMAP), imaplib.IMAP4_SSL(HOST, IMAPS, ssl_context=tls)):
        if m.port == IMAP:
            m.starttls(tls)
        m.login(ANN, "pw")
        assert m.select("INBOX")[1] == [b"3"]
        assert [p.split()[-1] for p in m.search(None, "SUBJECT", "two")[1]] == [b"2"]
        whole = m.fetch("2", "(RFC822)")[1][0][1]
        assert email.message_from_bytes(whole)["Subject"] == "two"
        assert m.copy("2", "Archive")[0] == "OK"
        assert m.logout()[0] == "BYE"
    m = imaplib.IMAP4(HOST, IMAP)
    m.authenticate("PLAIN", lambda _: b"\0" + ANN.encode() + b"\0pw")
    assert m.select("Archive")[1] == [b"2"]
    m.store("1:2", "+FLAGS", r"\Deleted")
    assert m.expunge()[1] == [b"1", b"1"]
    m.logout()


def pop3():
    p = poplib.POP3(HOST, POP3)
    assert "STLS" in p.capa()
    p.stls(tls)
    p.user(ANN)
    p.pass_("pw")
    assert p.stat()[0] == 3 and len(p.list()[1]) == 3 and len(set(p.uidl()[1])) == 3
    uid = p.uidl(2)
    assert b"Subject: two" in p.top(2, 0)[1] and b"body of two" in p.retr(2)[1]
    p.dele(2)
    p.rset()
    p.dele(3)
    p.close()  # without QUIT nothing is deleted (RFC 1939 §6)
    p = poplib.POP3_SSL(HOST, POP3S, context=tls)
    p.user(ANN)
    p.pass_("pw")
    assert p.stat()[0] == 3 and p.uidl(2) == uid
    p.quit()


submission()
injection()
imap()
pop3()
