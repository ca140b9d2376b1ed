# SPDX-License-Identifier: MIT
"""Documents for tests, made here so that no binary files are kept: each function gives bytes."""
import io, zipfile, zlib
from xml.sax.saxutils import escape


def pdf_objects(objects):
    """A PDF of numbered objects (bytes each, the first is the catalog)."""
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for n, o in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % n + o + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(out))


def stream(data, extra=b""):
    z = zlib.compress(data)
    return b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n" % (len(z), extra) + z + b"\nendstream"


def pdf(lines):
    """A page with these lines; han in a font that the PDF does not bring, as Chinese writers make them."""
    text = b"BT /F1 12 Tf 14 TL 40 780 Td\n"
    for line in lines:
        if line.isascii():
            text += b"/F1 12 Tf (" + line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode() + b") Tj T*\n"
        else:
            text += b"/F2 12 Tf <" + line.encode("utf-16-be").hex().encode() + b"> Tj T*\n"
    return pdf_objects([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        stream(text + b"ET\n"),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [7 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>",
    ])


def pdf_without_end():
    """Forms that draw forms that draw forms, ten times each: no processor comes to the end of it."""
    depth = 15
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>", stream(b"/X Do\n")]
    for n in range(depth):
        inner = b"/Resources << /XObject << /X %d 0 R >> >>" % (6 + n) if n < depth - 1 else b""
        objects.append(stream(b"/X Do\n" * 10 if inner else b"0 0 m\n", b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] " + inner))
    return pdf_objects(objects)


def packed(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in members.items():
            z.writestr(name, text)
    return out.getvalue()


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def docx(paragraphs):
    body = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(p[:3])}</w:t></w:r><w:r><w:t xml:space="preserve">{escape(p[3:])}</w:t></w:r></w:p>' for p in paragraphs)
    return packed({
        "[Content_Types].xml": XML + "<Types/>",
        "word/document.xml": XML + f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
    })


def xlsx(rows):
    cells = "".join("<row>" + "".join(f'<c t="s"><v>{i}</v></c>' if isinstance(v, str) else f"<c><v>{v}</v></c>" for i, v in r) + "</row>" for r in [list(enumerate(row)) for row in rows])
    strings = "".join(f"<si><t>{escape(v)}</t></si>" for row in rows for v in row if isinstance(v, str))
    return packed({"xl/workbook.xml": XML + '<workbook><sheets><sheet name="Tabelle"/></sheets></workbook>',
                   "xl/sharedStrings.xml": XML + f"<sst>{strings}</sst>", "xl/worksheets/sheet1.xml": XML + f"<worksheet><sheetData>{cells}</sheetData></worksheet>"})


def pptx(lines):
    return packed({"ppt/slides/slide1.xml": XML + '<p:sld xmlns:p="p" xmlns:a="a">' + "".join(f"<a:p><a:r><a:t>{escape(x)}</a:t></a:r></a:p>" for x in lines) + "</p:sld>"})


def odt(lines):
    return packed({"mimetype": "application/vnd.oasis.opendocument.text",
                   "content.xml": XML + '<o:body xmlns:o="o" xmlns:text="t">' + "".join(f"<text:p>{escape(x)}</text:p>" for x in lines) + "</o:body>"})


def ofd(lines):
    return packed({"OFD.xml": XML + "<OFD/>", "Doc_0/Pages/Page_0/Content.xml": XML + '<ofd:Page xmlns:ofd="o">' + "".join(f"<ofd:TextCode>{escape(x)}</ofd:TextCode>" for x in lines) + "</ofd:Page>"})


def zip_bomb():
    """Some 400 MB of text that take 400 KB."""
    return packed({"word/document.xml": XML + "<d><t>" + "<i>a </i>" * 50_000_000 + "</t></d>"})
