# SPDX-License-Identifier: MIT
"""document_text.py PROGRAM: what it writes and how it ends for documents made in documents.py."""
import subprocess, sys
import documents


def run(document):
    r = subprocess.run([sys.argv[1]], input=document, capture_output=True, check=False)
    return r.returncode, r.stdout.decode()


for name, document, wanted in [
    ("pdf", documents.pdf(["The (first) contract", "价格合", "同书"]), "The (first) contract\n价格合同书"),
    ("docx", documents.docx(["价格合同", "<two> & three"]), "价格合同\n<two> & three"),
    ("xlsx", documents.xlsx([["发票号码", 1234.5]]), "Tabelle\n发票号码\n1234.5"),
    ("pptx", documents.pptx(["one", "幻灯片"]), "one\n幻灯片"),
    ("odt", documents.odt(["one", "文档"]), "one\n文档"),
    ("ofd", documents.ofd(["电子发", "票"]), "电子发票"),
]:
    assert run(document) == (0, wanted), (name, run(document))
for name, document in [("nothing", b""), ("text", b"hello"), ("a pdf that ends", b"%PDF-1.7\n"), ("a zip that ends", b"PK\3\4xxx"), ("another zip", documents.packed({"a.txt": "hello"})),
                       ("too large", b"%PDF-1.7\n" + bytes(64 << 20))]:
    assert run(document) == (100, ""), (name, run(document))
code, text = run(documents.zip_bomb())
assert code == 0 and (4 << 20) - 2 <= len(text) <= 4 << 20, (code, len(text))
assert run(documents.pdf_without_end()) == (100, ""), "a PDF without end"
