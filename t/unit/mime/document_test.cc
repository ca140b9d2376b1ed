// SPDX-License-Identifier: MIT
#include "lib/mime/document.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "lib/mime/office_text.h"

#define LLVMFuzzerTestOneInput fuzz_document_input
#include "t/fuzz/document.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::mime {
namespace {

bool is(const std::string& fields) { return is_document(parse(fields + "\r\n\r\nx\r\n")); }

template <class T>
void put(std::string& out, T v) {
  for (std::size_t i = 0; i < sizeof v; ++i) out += static_cast<char>(static_cast<uint64_t>(v) >> 8 * i);
}

using Members = std::vector<std::pair<std::string, std::string>>;

std::string deflated(const std::string& s) {
  z_stream z{};
  deflateInit2(&z, 2, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  std::string out(s.size() + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(s.data()));
  z.avail_in = static_cast<uInt>(s.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zip(const Members& members) {
  std::string out, directory;
  for (auto& [name, text] : members) {
    std::string packed = deflated(text), common;
    put(common, uint16_t{20}), put(common, uint16_t{0x800}), put(common, uint16_t{8}), put(common, uint32_t{0});
    put(common, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()))));
    put(common, static_cast<uint32_t>(packed.size())), put(common, static_cast<uint32_t>(text.size()));
    put(common, static_cast<uint16_t>(name.size())), put(common, uint16_t{0});
    directory += std::string("PK\1\2\x14\0", 6) + common + std::string(10, '\0');
    put(directory, static_cast<uint32_t>(out.size()));
    directory += name;
    out += "PK\3\4" + common + name + packed;
  }
  std::string end = "PK\5\6" + std::string(4, '\0');
  put(end, static_cast<uint16_t>(members.size())), put(end, static_cast<uint16_t>(members.size()));
  put(end, static_cast<uint32_t>(directory.size())), put(end, static_cast<uint32_t>(out.size())), put(end, uint16_t{0});
  return out + directory + end;
}

std::string text_of(const std::string& document) {
  DocumentText out;
  return office_text(document, out) ? out.text() : "(nothing)";
}
std::string text_of_member(std::string_view name, std::string_view xml) {
  DocumentText out;
  return office_member(name, xml, out) ? out.text() : "(nothing)";
}

const std::string word = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>价格</w:t></w:r><w:r><w:t>合同 of A</w:t></w:r><w:r><w:t>nn</w:t></w:r></w:p>"
                         "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r></w:p></w:body></w:document>";

}  // namespace

TEST(Document, IsKnownByItsTypeOrItsName) {
  EXPECT_TRUE(is("Content-Type: application/pdf"));
  EXPECT_TRUE(is("Content-Type: Application/PDF; name=x"));
  EXPECT_TRUE(is("Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document"));
  EXPECT_TRUE(is("Content-Type: application/vnd.oasis.opendocument.text"));
  EXPECT_TRUE(is("Content-Type: application/vnd.ms-excel.sheet.macroEnabled.12"));
  EXPECT_TRUE(is("Content-Type: application/ofd"));
  EXPECT_TRUE(is("Content-Type: application/octet-stream; name=\"Offer.PDF\""));
  EXPECT_TRUE(is("Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''%E5%90%88%E5%90%8C.docx"));
  EXPECT_TRUE(is("Content-Type: application/octet-stream; name=\"=?gb18030?B?us/NrC54bHN4?=\""));
  EXPECT_TRUE(is("Content-Type: x/y\r\nContent-Disposition: attachment; filename*0=a.od; filename*1=t"));
  for (auto no : {"Content-Type: application/octet-stream", "Content-Type: application/msword; name=a.doc", "Content-Type: text/plain; name=a.pdf",
                  "Content-Type: application/octet-stream; name=pdf", "Content-Type: application/octet-stream; name=a.pdf.exe", "Subject: x",
                  "Content-Type: message/rfc822; name=a.pdf", "Content-Type: image/png; name=\"a.\""})
    EXPECT_FALSE(is(no)) << no;
}

TEST(Document, TextIsAsASearchWantsIt) {
  auto clean = [](std::string_view s) {
    DocumentText out;
    out.feed(s);
    return out.text();
  };
  EXPECT_EQ(clean("  a \t b\x0B\xC2\xA0 c \n"), "a b c");
  EXPECT_EQ(clean("价\n格"), "价格");  // a line of the page ends in a word
  EXPECT_EQ(clean("价 \n  格。\nい\n"), "价格。い");
  EXPECT_EQ(clean("价\n\n格"), "价\n格");
  EXPECT_EQ(clean("价\f\n格"), "价\n格");
  EXPECT_EQ(clean("价 格"), "价 格");
  EXPECT_EQ(clean("a\nb\n价\nc\n가\n나"), "a\nb\n价\nc\n가\n나");
  EXPECT_EQ(clean("𠮷\n𠮷"), "𠮷𠮷");
  DocumentText out(7);
  EXPECT_TRUE(out.feed("价格"));
  EXPECT_TRUE(out.feed(" \n"));
  EXPECT_FALSE(out.feed("合"));  // never a piece of a character
  EXPECT_FALSE(out.feed("a"));
  EXPECT_EQ(out.text(), "价格");
}

TEST(OfficeText, OfEachKind) {
  EXPECT_EQ(text_of(zip({{"[Content_Types].xml", "<x/>"}, {"word/document.xml", word}, {"word/styles.xml", "<t>no</t>"}, {"docProps/core.xml", "<cp:p xmlns:cp='c' xmlns:dc='d'><dc:title>标题</dc:title><x>no</x></cp:p>"}})),
            "价格合同 of Ann\na b\n标题");
  EXPECT_EQ(text_of_member("word/header1.xml", word), text_of_member("word/footnotes.xml", word));
  EXPECT_EQ(text_of_member("xl/sharedStrings.xml", "<sst><si><t>发</t><t>票</t><rPh><t>fa</t></rPh></si><si><r><t>b</t></r></si></sst>"), "发票\nb");
  EXPECT_EQ(text_of_member("xl/worksheets/sheet1.xml", "<s><row><c t='s'><v>0</v></c><c><f>A1</f><v>12.5</v></c></row><row><c t='str'><v>x</v></c><c t='inlineStr'><is><t>y</t></is></c></row></s>"),
            "12.5\nx y");
  EXPECT_EQ(text_of_member("xl/workbook.xml", "<w><sheets><sheet name='一月'/><sheet name='b'/></sheets></w>"), "一月\nb");
  EXPECT_EQ(text_of_member("ppt/slides/slide12.xml", "<p:s xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>one</a:t></a:r><a:br/><a:r><a:t>two</a:t></a:r></a:p></p:s>"), "one\ntwo");
  EXPECT_EQ(text_of_member("content.xml", "<o:b xmlns:o='o' xmlns:t='t'><t:tracked-changes><t:p>gone</t:p></t:tracked-changes><t:h>标</t:h><t:p>a<t:s/>b<t:span>c</t:span></t:p>no</o:b>"),
            "标\na bc");
  EXPECT_EQ(text_of_member("Doc_0/Pages/Page_0/Content.xml", "<o:P xmlns:o='o'><o:TextCode X='1'>电子发</o:TextCode><o:TextCode>票</o:TextCode><o:TextCode>No 1</o:TextCode></o:P>"), "电子发票\nNo 1");
  EXPECT_EQ(text_of_member("word/document.xml", "<?xml version='1.0' encoding='ISO-8859-1'?><t>\xE9</t>"), "é");
  EXPECT_EQ(text_of_member("word/media/image1.png", word), "(nothing)");
}

TEST(OfficeText, DamagedDocumentsGiveWhatComesBefore) {
  std::string long_word = "<d>";
  for (int i = 0; i < 40'000; ++i) long_word += "<p><t>word" + std::to_string(i * 7919 % 99991) + "</t></p>";
  std::string whole = zip({{"word/document.xml", long_word + "</d>"}, {"word/header1.xml", "<p><t>head</t></p>"}});
  std::string all = text_of(whole);
  EXPECT_EQ(all.substr(0, 6), "word0\n");
  EXPECT_EQ(all.substr(all.size() - 5), "\nhead");
  EXPECT_EQ(text_of(whole.substr(0, whole.size() / 2)).substr(0, 6), "word0\n");  // its directory is gone
  EXPECT_EQ(text_of("PK\3\4"), "(nothing)");
  EXPECT_EQ(text_of(""), "(nothing)");
  EXPECT_EQ(text_of_member("content.xml", "<a><p>one</p><p>two</a>"), "one\ntwo");
  std::string bad = whole;
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 40) {
    bad[at] = static_cast<char>(bad[at] ^ 1 << at % 8);
    DocumentText out;
    office_text(bad, out);
    bad[at] = whole[at];
  }
}

TEST(OfficeText, CannotBeMadeToGrow) {
  std::string bomb = zip({{"word/document.xml", "<d>" + std::string(30 << 20, ' ') + "</d>"}, {"word/header1.xml", "<t>" + std::string(8 << 20, 'a') + "</t>"}});
  ASSERT_LT(bomb.size(), 2u << 20);
  DocumentText out;
  EXPECT_TRUE(office_text(bomb, out));
  EXPECT_GT(out.text().size(), max_document_text - (64 << 10));
  EXPECT_LE(out.text().size(), max_document_text);
  std::string laughs = "<!DOCTYPE d [<!ENTITY a 'ha'>";
  for (char c = 'b'; c < 'p'; ++c) laughs += std::string("<!ENTITY ") + c + " '" + [&] { std::string r; for (int i = 0; i < 10; ++i) r += std::string("&") + static_cast<char>(c - 1) + ";"; return r; }() + "'>";
  EXPECT_EQ(text_of_member("content.xml", laughs + "]><d><p>&o;</p></d>"), "");
  EXPECT_EQ(text_of_member("content.xml", "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><d><p>&a;</p></d>"), "");
  EXPECT_EQ(text_of_member("content.xml", "<!DOCTYPE d SYSTEM 'x.dtd'><d><p>old</p></d>"), "old");
  std::string deep = "<p>top</p>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(text_of_member("content.xml", "<d>" + deep + "<p>below</p>"), "top");
  Members many;
  for (int i = 0; i < 10'500; ++i) many.emplace_back("x" + std::to_string(i), "");
  many.emplace_back("word/document.xml", word);
  EXPECT_EQ(text_of(zip(many)), "(nothing)");
}

TEST(OfficeText, AnyBytesAreReadWithoutHarm) {
  std::string seeds[] = {zip({{"word/document.xml", word}, {"content.xml", "<p>x</p>"}}), word, "<p>价\n格</p>"};
  uint64_t seed = 1;
  auto random = [&](std::size_t below) { return static_cast<std::size_t>((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33) % below; };
  for (int round = 0; round < 600; ++round) {
    std::string bytes = seeds[round % 3];
    for (std::size_t n = random(8); n-- > 0;) bytes[random(bytes.size())] = static_cast<char>(random(256));
    bytes.resize(random(bytes.size() + 1));
    fuzz_document_input(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
}

TEST(Document, MarksAtTheBeginning) {
  EXPECT_TRUE(is_pdf("%PDF-1.7"));
  EXPECT_TRUE(is_pdf(std::string(mark_bytes - 5, ' ') + "%PDF-"));
  EXPECT_FALSE(is_pdf(std::string(mark_bytes - 4, ' ') + "%PDF-"));
  EXPECT_FALSE(is_pdf(""));
  EXPECT_TRUE(is_zip("PK\3\4..."));
  EXPECT_FALSE(is_zip(" PK\3\4"));
  EXPECT_FALSE(is_zip("PK"));
}

}  // namespace jd::mime
