#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Deterministic corpus of realistic RFC 5322 messages.

  gen_corpus.py --out DIR --count N --size BYTES [--seed S] [--format files|maildir] [--start I] [--crlf]

Same arguments => byte-identical output on any Python >= 3.8 (only random.Random(int) is used).
Size is exact for ~95% of messages (a few of the 4 KB ones are up to 30% longer): short ones are padded with English text.
Kinds, by message index (mix chosen by the seeded PRNG):
  45% multipart/alternative (text/plain + text/html, quoted-printable, UTF-8, Chinese and English mixed)
  20% text/plain; charset=gb18030, base64 transfer encoding (GB18030 bytes, four-byte characters included)
  15% text/plain; charset=utf-8, 8bit
  20% multipart/mixed with base64 attachment (pdf/png/docx names, RFC 2231 + RFC 2047 encoded Chinese file names)
Headers: Received x3, DKIM-Signature (realistic shape), Message-ID, References chains (threads), List-* on some,
RFC 2047 subjects in UTF-8 (B and Q) and GB18030/GBK (B).
One rare word per 100 messages ("zyzzyva") and one per 10 ("quokka") so that SEARCH has known answers:
  SUBJECT quokka -> index % 10 == 3 ; BODY zyzzyva -> index % 100 == 7 (always in a text part; 7-bit, but inside a
  base64 or QP part like any other word, so the server must decode transfer encodings and charsets to find it).
"""
import argparse, base64, os, quopri, random, sys, time

EN = ("the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were "
      "all her she there would their we him been has when who will no more if out so up said what its about than into them can only "
      "other time new some could these two may first then do any like my now over such our man me even most made after also did many "
      "meeting budget invoice delivery schedule server release contract please review attached regards project quarter report").split()
ZH = ("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严")
ZH4 = "𠀀𠀁𠀂𪚥𠮷𡃁"  # outside the BMP: four-byte GB18030
DOM = ["example.com", "mail.example.org", "corp.example.cn", "news.example.net", "bench.test"]
NAMES = ["Alice Zhang", "李雷", "韩梅梅", "Bob Müller", "王小明", "Carol O'Neil", "Dmitri Ivanov", "陈晓东"]

def qword(r, cs, text, enc="B"):
    raw = text.encode(cs)
    if enc == "B":
        return "=?%s?B?%s?=" % (cs.upper(), base64.b64encode(raw).decode())
    return "=?%s?Q?%s?=" % (cs.upper(), "".join(chr(c) if (48 <= c < 58 or 65 <= c < 91 or 97 <= c < 123) else "=%02X" % c for c in raw))

def addr(r):
    n = r.choice(NAMES); u = "u%d" % r.randrange(5000)
    d = r.choice(DOM)
    return ("%s <%s@%s>" % (n if n.isascii() and "'" not in n and "ü" not in n else qword(r, "utf-8", n), u, d)), "%s@%s" % (u, d)

def para_en(r, nwords): 
    return " ".join(r.choice(EN) for _ in range(nwords)).capitalize() + "."
def para_zh(r, n, rare=True):
    s = "".join(r.choice(ZH) for _ in range(n))
    if rare and r.random() < .2: s += r.choice(ZH4)
    return s + "。"

def text(r, nbytes, zh):
    out, got = [], 0
    while got < nbytes:
        p = para_zh(r, r.randrange(15, 60)) if r.random() < zh else para_en(r, r.randrange(8, 40))
        out.append(p); got += len(p.encode("utf-8")) + 1
    return "\n".join(out)

def b64lines(raw):
    s = base64.b64encode(raw).decode(); return "\n".join(s[i:i + 76] for i in range(0, len(s), 76)) + "\n"
def wrap(s, w=72):
    lines = []
    for l in s.split("\n"):
        while len(l) > w:
            k = l.rfind(" ", 0, w); k = k if k > 0 else w
            lines.append(l[:k]); l = l[k:].lstrip(" ")
        lines.append(l)
    return "\n".join(lines)
def qp(s): return quopri.encodestring(s.encode("utf-8")).decode()

def message(i, size, seed):
    r = random.Random(seed * 1000003 + i)
    fr, fraddr = addr(r); to, _ = addr(r)
    t = 1700000000 + i * 97
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(t))
    mid = "<%d.%x@%s>" % (i, r.getrandbits(64), r.choice(DOM))
    h = []
    for k in range(3):
        h.append("Received: from mx%d.%s (mx%d.%s [192.0.2.%d])\n\tby mail%d.bench.test (Mailer) with ESMTPS id %x\n\tfor <bench@bench.test>; %s" % (r.randrange(9), r.choice(DOM), r.randrange(9), r.choice(DOM), r.randrange(255), k, r.getrandbits(40), date))
    h.append("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s%d;\n\th=from:to:subject:date:message-id; bh=%s;\n\tb=%s\n\t %s\n\t %s==" % (fraddr.split("@")[1], r.randrange(9), base64.b64encode(r.getrandbits(256).to_bytes(32, "big")).decode(), *[base64.b64encode(r.getrandbits(400).to_bytes(50, "big")).decode()[:66] for _ in range(3)]))
    h.append("Date: " + date); h.append("From: " + fr); h.append("To: " + to)
    if r.random() < .3: h.append("Cc: " + addr(r)[0] + ",\n\t" + addr(r)[0])
    subj_en = " ".join(r.choice(EN) for _ in range(r.randrange(3, 8)))
    mark = " quokka" if i % 10 == 3 else ""
    s = r.random()
    if s < .35: subj = subj_en + mark
    elif s < .6: subj = qword(r, "utf-8", para_zh(r, 10, False)) + mark
    elif s < .85: subj = qword(r, "gb18030", para_zh(r, 10, False)) + mark
    else: subj = qword(r, "utf-8", "Ré: " + para_zh(r, 5, False), "Q") + mark
    th = r.randrange(max(1, i)) if r.random() < .4 and i else None
    if th is not None:
        h.append("In-Reply-To: <t%d@bench.test>" % th); h.append("References: <t%d@bench.test>\n <t%d.1@bench.test>" % (th, th)); subj = "Re: " + subj
    h.append("Subject: " + subj); h.append("Message-ID: " + mid); h.append("MIME-Version: 1.0")
    if r.random() < .2: h += ["List-Id: <list%d.example.org>" % r.randrange(20), "List-Unsubscribe: <mailto:leave@example.org>", "Precedence: list"]
    h.append("X-Mailer: bench-corpus/1 seed=%d index=%d" % (seed, i))
    word = ("\nzyzzyva %d\n" % i) if i % 100 == 7 else ""
    k = r.random(); kind = 0 if k < .45 else 1 if k < .65 else 2 if k < .80 else 3
    hdr = "\n".join(h) + "\n"; bnd = "=_b%x" % r.getrandbits(64)
    room = max(200, size - len(hdr) - 260)
    if kind == 0:
        zh = .4; t0 = text(r, room // 5, zh) + word
        def build(pad):
            html = qp("<html><head><meta charset=\"utf-8\"></head><body>\n" + wrap(t0).replace("\n", "<br>\n") + "\n")
            return ("Content-Type: multipart/alternative; boundary=\"%s\"\n\n--%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n%s\n--%s\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n%s%s</body></html>\n--%s--\n" % (bnd, bnd, qp(wrap(t0)), bnd, html, pad, bnd)).encode()
    elif kind == 1:
        t0 = text(r, int(room * .45), .8) + word
        enc = b64lines(wrap(t0).encode("gb18030"))
        def build(pad):
            # base64 of text keeps its size; padding goes into a trailing plain 7-bit footer part
            return ("Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\nContent-Type: text/plain; charset=gb18030\nContent-Transfer-Encoding: base64\n\n%s\n--%s\nContent-Type: text/plain; charset=us-ascii\n\n%s\n--%s--\n" % (bnd, bnd, enc, bnd, pad, bnd)).encode()
    elif kind == 2:
        t0 = wrap(text(r, int(room * .6), .5)) + word
        def build(pad): return ("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n-- \n%s" % (t0, pad)).encode()
    else:
        t0 = wrap(text(r, min(600, room // 4), .5)) + word
        nm = r.choice(["report.pdf", "photo.png", "合同.docx", "发票.pdf"])
        if nm.isascii(): fn = 'filename="%s"' % nm
        else: fn = "filename*=UTF-8''" + "".join("%%%02X" % c for c in nm.encode())
        n = max(0, int((room - len(t0.encode()) - 300) * 57 / 77)); att = b64lines(r.getrandbits(8 * n).to_bytes(n, "big") if n else b"")
        def build(pad):
            return ("Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n%s\n--%s\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; %s\n\n%s--%s--\n" % (bnd, bnd, t0, pad, bnd, fn, att, bnd)).encode()
    base = len(hdr.encode()) + len(build("")); need = size - base
    pad = ""
    if need > 0:
        parts, got = [], 0
        while got < need:
            l = para_en(r, 11)[:70]; l = l[:max(1, need - got - 1)]; parts.append(l); got += len(l) + 1
        pad = "\n".join(parts) + "\n"
    return hdr.encode() + build(pad)

def main():
    a = argparse.ArgumentParser(); a.add_argument("--out", required=True); a.add_argument("--count", type=int, default=100)
    a.add_argument("--size", type=int, default=4096); a.add_argument("--seed", type=int, default=1); a.add_argument("--start", type=int, default=0)
    a.add_argument("--format", choices=["files", "maildir", "blob"], default="files"); a.add_argument("--crlf", action="store_true")
    o = a.parse_args(); os.makedirs(o.out, exist_ok=True)
    if o.format == "maildir":
        for d in ("cur", "new", "tmp"): os.makedirs(os.path.join(o.out, d), exist_ok=True)
    if o.count > 200000: sys.exit("count too large")
    for i in range(o.start, o.start + o.count):
        m = message(i, o.size, o.seed)
        if o.crlf: m = m.replace(b"\n", b"\r\n")
        if o.format == "files": p = os.path.join(o.out, "%06d.eml" % i)
        else:
            t = 1700000000 + i * 97
            p = os.path.join(o.out, "cur" if i % 3 else "cur", "%d.M%06dP1.bench,S=%d,W=%d:2,%s" % (t, i, len(m), len(m) + m.count(b"\n"), "S" if i % 3 else ""))
        with open(p, "wb") as f: f.write(m)
        if o.format == "maildir": os.utime(p, (t, t))
if __name__ == "__main__": main()
