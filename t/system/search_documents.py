#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""search_documents.py STEP SMTP-PORT IMAP-PORT: mail with documents into ann's mailbox, and what searches find."""
import imaplib, smtplib, sys
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
import documents

SMTP, IMAP = int(sys.argv[2]), int(sys.argv[3])
TYPES = {"docx": "vnd.openxmlformats-officedocument.wordprocessingml.document", "odt": "vnd.oasis.opendocument.text", "pdf": "pdf"}


def message(subject, *attached):
    """attached: (kind of its Content-Type, name, bytes)"""
    m = MIMEMultipart()
    m["Subject"], m["From"], m["To"] = subject, "bob@elsewhere.test", "ann@example.test"
    m.attach(MIMEText("see the document\n"))
    for kind, name, data in attached:
        p = MIMEApplication(data, TYPES.get(kind, "octet-stream"))
        p.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
        m.attach(p)
    return m.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def deliver(*mail):
    for m in mail:
        with smtplib.SMTP("127.0.0.1", SMTP) as s:
            s.sendmail("bob@elsewhere.test", ["ann@example.test"], m)


def login(who):
    m = imaplib.IMAP4("127.0.0.1", IMAP)
    m.login(f"{who}@example.test", "pw")
    return m


def well(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def subjects(m, key, text):
    m.literal = text.encode()
    numbers = well(m.search("UTF-8", key))[0].split()
    found = set()
    for n in numbers:
        found.add(well(m.fetch(n, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))[0][1].decode().split()[1])
    return found


WANTED = {  # text, and in which messages it stands
    "价格": {"pdf", "docx", "two"}, "價格": {"pdf", "docx", "two"}, "格合": {"pdf", "docx", "two"}, "号码": {"xlsx"}, "發票號": {"xlsx"}, "幻灯": {"pptx"},
    "文档": {"odt"}, "电子发票": {"ofd"}, "contract of ann": {"pdf"}, "CONTRACT": {"pdf", "two"}, "1234.5": {"xlsx"}, "第二份": {"two"},
    "灯": {"pptx"}, "同价": set(), "nosuchword": set()}


def check(m, wanted):
    for text, right in wanted.items():
        for key in ("BODY", "TEXT"):
            found = subjects(m, key, text)
            assert found == right, (key, text, found, right)


def fill():
    price = "价格合同"
    # What does harm comes first.
    deliver(message("bomb", ("docx", "bomb.docx", documents.zip_bomb())),
            message("damaged", ("pdf", "a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40), ("docx", "b.docx", b"PK\3\4" + bytes(9000))),
            message("pdf", ("octet-stream", "报价.PDF", documents.pdf(["The contract of Ann", price]))),
            message("docx", ("docx", "x", documents.docx(["第一", price]))),
            message("two", ("pdf", "one.pdf", documents.pdf(["A contract", price])), ("odt", "two.odt", documents.odt(["第二份"]))),
            message("plain"), message("plain"))
    m = login("ann")
    for one in (message("xlsx", ("octet-stream", "a.xlsx", documents.xlsx([["发票号码", 1234.5]]))), message("pptx", ("octet-stream", "a.pptx", documents.pptx(["幻灯片"]))),
                message("odt", ("odt", "文.odt", documents.odt(["文档内容"]))), message("ofd", ("octet-stream", "a.ofd", documents.ofd(["电子发", "票"]))),
                message("text", ("octet-stream", "readme", b"the price 1234.5 is nowhere read"))):
        well(m.append("INBOX", None, None, one))
    m.logout()


def step(name):
    if name == "fill":
        return fill()
    if name == "more":
        return deliver(message("more", ("pdf", "more.pdf", documents.pdf(["Later by a day", "后来的"]))))
    m = login("ann")
    if name == "shared":  # whoever logs in from now on is given her mailbox too
        well(m.setacl("INBOX", "bob@example.test", "lr"))
        m.logout()
        m = login("bob")
        well(m.select('"Other Users/ann@example.test/INBOX"', readonly=True))
        check(m, WANTED)
    else:
        well(m.select("INBOX", readonly=True))
        check(m, {"found": WANTED, "more_found": {"后来": {"more"}, "a day": {"more"}}, "none": {t: set() for t in WANTED}}[name])
    m.logout()


step(sys.argv[1])
