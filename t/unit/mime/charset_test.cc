// SPDX-License-Identifier: MIT
#include "lib/mime/charset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/part.h"
#include "lib/mime/text.h"

namespace jd::mime {
namespace {

const std::string zhongwen = "\xE4\xB8\xAD\xE6\x96\x87";  // two Chinese characters

struct Case {
  std::string_view bytes, label;
  std::string want;
};
const std::vector<Case> cases = {
    {"plain", "us-ascii", "plain"},
    {zhongwen, "UTF-8", zhongwen},
    {"\xD6\xD0\xCE\xC4", "gb2312", zhongwen},
    {"\xD6\xD0\xCE\xC4", "GBK", zhongwen},
    {"\xD6\xD0\xCE\xC4", "\"GB18030\"", zhongwen},
    {"\xE9\x46", "gb2312", "\xE9\x95\x95"},  // not in GB2312: mislabelled GBK
    {"\xA4\xA4\xA4\xE5", "big5", zhongwen},
    {"~{VPND~}", "hz-gb-2312", zhongwen},
    {"\x1b$BCfJ8\x1b(B", "iso-2022-jp", zhongwen},
    {"\x92\x86\x95\xB6", "shift_jis", zhongwen},
    {"\xC3\xE6\xCA\xB8", "euc-jp", zhongwen},
    {"\xC7\xD1", "euc-kr", "\xED\x95\x9C"},
    {"\xCE\xC5\xD4", "koi8-r", "\xD0\xBD\xD0\xB5\xD1\x82"},
    {"\xED\xE5\xF2", "windows-1251", "\xD0\xBD\xD0\xB5\xD1\x82"},
    {"caf\xE9", "iso-8859-1", "caf\xC3\xA9"},
    {"\x80", "iso-8859-1", "\xE2\x82\xAC"},
    {"Hi +Ti1lhw-", "utf-7", "Hi " + zhongwen},
    {"\xFE\xFF\x4E\x2D\x65\x87", "utf-16", zhongwen},
    {"caf\xE9", "", "caf\xC3\xA9"},
    {"\xD6\xD0\xCE\xC4", "", zhongwen},
    {"\xD6\xD0\xCE\xC4", "us-ascii", zhongwen},
    {"\xD6\xD0\xCE\xC4", "x-no-such", zhongwen},
    {"\xD6\xD0\xCE\xC4", "unknown-8bit", zhongwen},
    {zhongwen, "unknown-8bit", zhongwen},
    {"a\xFF" "b", "utf-8", "a\xEF\xBF\xBD" "b"},
    {"a\xE4\xB8", "utf-8", "a\xEF\xBF\xBD"},
};

TEST(Charset, ToUtf8) {
  for (const Case& c : cases) EXPECT_EQ(to_utf8(c.bytes, c.label), c.want) << c.label;
}

// Each charset of real mail under the names that real mail gives it, also wrong ones.
const Case known[] = {
    {"\xE9" "F\x88\xD2\x86\xB4", "GB18030", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "gbk", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "GB2312", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "x-gbk", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "cp936", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "gb_2312-80", "镕堃喆"},
    {"\xE9" "F\x88\xD2\x86\xB4", "euc-cn", "镕堃喆"},
    {"\x95" "4\xB2" "5\x81" "9\xEF" "1", "gb18030", "𠮷㐂"},
    {"\x95" "4\xB2" "5\x81" "9\xEF" "1", "gb2312", "𠮷㐂"},
    {"\x95" "4\xB2" "5\x81" "9\xEF" "1", "gbk", "𠮷㐂"},
    {"~{VPNDPE<~~}", "HZ-GB-2312", "中文信件"},
    {"~{VPNDPE<~~}", "hz", "中文信件"},
    {"\xC1" "c\xC5\xE9\xA4\xA4\xA4\xE5\xABH\xA5\xF3", "Big5", "繁體中文信件"},
    {"\xC1" "c\xC5\xE9\xA4\xA4\xA4\xE5\xABH\xA5\xF3", "big-5", "繁體中文信件"},
    {"\xC1" "c\xC5\xE9\xA4\xA4\xA4\xE5\xABH\xA5\xF3", "cp950", "繁體中文信件"},
    {"\xC1" "c\xC5\xE9\xA4\xA4\xA4\xE5\xABH\xA5\xF3", "x-x-big5", "繁體中文信件"},
    {"\xB4\xE4\x9D\xEF\x92]", "big5-hkscs", "港嘅哋"},
    {"\xB4\xE4\x9D\xEF\x92]", "big5", "港嘅哋"},
    {"\x1B$BF|K\\8l$N%a!<%k\x1B(B", "ISO-2022-JP", "日本語のメール"},
    {"\x1B$BF|K\\8l$N%a!<%k\x1B(B", "csISO2022JP", "日本語のメール"},
    {"\x93\xFA\x96{\x8C\xEA\xB1\xB2\xB3", "Shift_JIS", "日本語ｱｲｳ"},
    {"\x93\xFA\x96{\x8C\xEA\xB1\xB2\xB3", "x-sjis", "日本語ｱｲｳ"},
    {"\x93\xFA\x96{\x8C\xEA\xB1\xB2\xB3", "windows-31j", "日本語ｱｲｳ"},
    {"\x93\xFA\x96{\x8C\xEA\xB1\xB2\xB3", "cp932", "日本語ｱｲｳ"},
    {"\x87@\xEE\xE0\xED\x95", "shift_jis", "①髙﨑"},
    {"\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xCE\xA5\xE1\xA1\xBC\xA5\xEB", "EUC-JP", "日本語のメール"},
    {"\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xCE\xA5\xE1\xA1\xBC\xA5\xEB", "x-euc-jp", "日本語のメール"},
    {"\xC7\xD1\xB1\xB9\xBE\xEE \xB8\xDE\xC0\xCF", "EUC-KR", "한국어 메일"},
    {"\xC7\xD1\xB1\xB9\xBE\xEE \xB8\xDE\xC0\xCF", "ks_c_5601-1987", "한국어 메일"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "ks_c_5601-1987", "똠방각하"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "euc-kr", "똠방각하"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "uhc", "똠방각하"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "cp949", "똠방각하"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "ms949", "똠방각하"},
    {"\x8C" "c\xB9\xE6\xB0\xA2\xC7\xCF", "ksc_5601", "똠방각하"},
    {"\x1B$)C\x0EGQ19>n\x0F", "ISO-2022-KR", "한국어"},
    {"\xF0\xD2\xC9\xD7\xC5\xD4, \xCD\xC9\xD2", "KOI8-R", "Привет, мир"},
    {"\xF0\xD2\xC9\xD7\xC5\xD4, \xCD\xC9\xD2", "koi8r", "Привет, мир"},
    {"\xF0\xD2\xC9\xD7\xA6\xD4, \xAD\xC1\xCE\xCF\xCB", "KOI8-U", "Привіт, ґанок"},
    {"Za\xBF\xF3\xB3\xE6 g\xEA\x9Cl\xB9 ja\x9F\xF1", "windows-1250", "Zażółć gęślą jaźń"},
    {"Za\xBF\xF3\xB3\xE6 g\xEA\x9Cl\xB9 ja\x9F\xF1", "cp1250", "Zażółć gęślą jaźń"},
    {"\xCF\xF0\xE8\xE2\xE5\xF2", "windows-1251", "Привет"},
    {"\xCF\xF0\xE8\xE2\xE5\xF2", "cp1251", "Привет"},
    {"\xCF\xF0\xE8\xE2\xE5\xF2", "x-cp1251", "Привет"},
    {"\x80 na\xEFve \x96 \x93x\x94", "windows-1252", "€ naïve – “x”"},
    {"\x80 na\xEFve \x96 \x93x\x94", "iso-8859-1", "€ naïve – “x”"},
    {"\x80 na\xEFve \x96 \x93x\x94", "latin1", "€ naïve – “x”"},
    {"\xC5\xEB\xEB\xE7\xED\xE9\xEA\xDC", "windows-1253", "Ελληνικά"},
    {"T\xFCrk\xE7" "e \xF0\xFD\xFE", "windows-1254", "Türkçe ğış"},
    {"T\xFCrk\xE7" "e \xF0\xFD\xFE", "iso-8859-9", "Türkçe ğış"},
    {"\xF2\xE1\xF8\xE9\xFA", "windows-1255", "עברית"},
    {"\xC7\xE1\xDA\xD1\xC8\xED\xC9", "windows-1256", "العربية"},
    {"\xDE\xE0s\xF8 \xFBkis", "windows-1257", "Žąsų ūkis"},
    {"\xC0\xD2\xC9\xD2\xE4\xB7\xC2", "windows-874", "ภาษาไทย"},
    {"\xC0\xD2\xC9\xD2\xE4\xB7\xC2", "tis-620", "ภาษาไทย"},
    {"\xC0\xD2\xC9\xD2\xE4\xB7\xC2", "iso-8859-11", "ภาษาไทย"},
    {"Za\xBF\xF3\xB3\xE6", "iso-8859-2", "Zażółć"},
    {"Za\xBF\xF3\xB3\xE6", "latin2", "Zażółć"},
    {"\xBF\xE0\xD8\xD2\xD5\xE2", "iso-8859-5", "Привет"},
    {"\xA4uro \xBCuvre", "iso-8859-15", "€uro Œuvre"},
    {"\xA4uro \xBCuvre", "latin-9", "€uro Œuvre"},
    {"\x8F\xE0\xA8\xA2\xA5\xE2", "cp866", "Привет"},
    {"\x8F\xE0\xA8\xA2\xA5\xE2", "ibm866", "Привет"},
    {"\x8E\xDB", "macintosh", "é€"},
    {"\x8E\xDB", "x-mac-roman", "é€"},
    {"Hi +Ti1lhw Mom +Jjo-", "UTF-7", "Hi 中文 Mom ☺"},
    {"Hi +Ti1lhw Mom +Jjo-", "unicode-1-1-utf-7", "Hi 中文 Mom ☺"},
    {"N-e\x87", "utf-16be", "中文"},
    {"-N\x87" "e", "utf-16le", "中文"},
    {"\xC4\xE3\xC5\xC6\xF4\xED\xFC\xD5", "EUC-TW", "中文繁體"},
    {"\x1B$)A\x0EVPNDPE<~\x0F", "ISO-2022-CN", "中文信件"},
    {"\x1B$)A\x0EVPNDPE<~\x0F", "iso-2022-cn-ext", "中文信件"},
};

TEST(Charset, KnowsThoseOfRealMail) {
  for (const Case& c : known) {
    EXPECT_TRUE(is_charset(c.label)) << c.label;
    EXPECT_EQ(to_utf8(c.bytes, c.label), c.want) << c.label;
    CharsetDecoder d(c.label);
    std::string out;
    for (const char& byte : c.bytes) d.feed({&byte, 1}, out);
    d.finish(out);
    EXPECT_EQ(out, c.want) << c.label << ", byte by byte";
  }
}

// What is shown, searched and sorted: a header and a body under each of them.
TEST(Charset, ThoseAreReadInMail) {
  for (const Case& c : known) {
    if (c.label.find("utf-16") != c.label.npos) continue;  // has NULs: not in mail
    std::string mail = fmt::format("Subject: =?{}?B?{}?=\r\nContent-Type: text/plain; charset=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
                                   c.label, base64_encode(c.bytes), c.label, base64_encode(c.bytes));
    Part root = parse(mail);
    EXPECT_EQ(preview(mail, root), c.want) << c.label;
    EXPECT_EQ(decode_words(fmt::format("=?{}?B?{}?=", c.label, base64_encode(c.bytes))), c.want) << c.label;
    for (auto where : {SearchIn::body, SearchIn::all}) EXPECT_TRUE(contains_text(mail, root, c.want, where)) << c.label;
  }
}

TEST(Charset, NamesOfAttachmentsAreFound) {  // RFC 2231: in a charset, in pieces, both
  const std::string mail =
      "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\nContent-Disposition: attachment; filename*=gb18030''%D6%D0%CE%C4%2Etxt\r\n\r\nx\r\n"
      "--b\r\nContent-Type: application/pdf; name*0*=utf-8'zh'%E4%BB%B7; name*1*=%E6%A0%BC; name*2=\"-list.pdf\"\r\n\r\nx\r\n"
      "--b\r\nContent-Disposition: attachment; filename=\"=?big5?B?pKSk5Q==?=.doc\"\r\n\r\nx\r\n--b--\r\n";
  Part root = parse(mail);
  for (auto name : {"中文.txt", "价格-list.pdf", "價格-LIST", "中文.doc"}) {
    EXPECT_TRUE(contains_text(mail, root, name, SearchIn::all)) << name;
    EXPECT_FALSE(contains_text(mail, root, name, SearchIn::body)) << name;
  }
}

TEST(Charset, SplitAnywhereIsTheSame) {
  for (const Case& c : cases)
    for (std::size_t n = 0; n <= c.bytes.size(); n++) {
      CharsetDecoder d(c.label);
      std::string out;
      d.feed(c.bytes.substr(0, n), out);
      d.feed(c.bytes.substr(n), out);
      d.finish(out);
      EXPECT_EQ(out, c.want) << c.label << " at " << n;
    }
}

TEST(Charset, LongStreamOfAGuess) {
  std::string bytes, want;
  for (int i = 0; i < 5000; i++) bytes += "\xD6\xD0\xCE\xC4 ", want += zhongwen + " ";
  for (std::size_t step : {1u, 7u, 4096u}) {
    CharsetDecoder d("");
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += step) d.feed(bytes.substr(i, step), out);
    d.finish(out);
    EXPECT_EQ(out, want) << step;
  }
}

TEST(Charset, PairsOverTheEdgeOfABuffer) {  // characters that UTF-16 needs two units for
  for (std::string lead : {"", "x", "xx"}) {
    std::string bytes = lead, want = lead;
    for (int i = 0; i < 3000; i++) bytes += "\x94\x39\xDA\x33", want += "\xF0\x9F\x92\xA9";
    EXPECT_EQ(to_utf8(bytes, "gb18030"), want);
    CharsetDecoder d("gb18030");
    std::string out;
    for (char c : bytes) d.feed({&c, 1}, out);
    d.finish(out);
    EXPECT_EQ(out, want);
  }
}

TEST(Charset, AnyBytesGiveUtf8) {
  std::string all;
  for (int i = 0; i < 256; i++) all += static_cast<char>(i), all += static_cast<char>(i * 7);
  for (std::string_view label : {"utf-8", "gbk", "big5", "iso-2022-jp", "shift_jis", "utf-7", "utf-16",
                                 "hz-gb-2312", "euc-kr", "iso-2022-kr", "iso-2022-cn", "", "utf-32"})
    EXPECT_TRUE(is_utf8(to_utf8(all, label))) << label;
  EXPECT_TRUE(is_utf8(clean_utf8(all)));
}

TEST(Charset, FromUtf8) {
  EXPECT_EQ(from_utf8(zhongwen, "gb2312"), "\xD6\xD0\xCE\xC4");
  EXPECT_EQ(from_utf8(zhongwen, "utf-8"), zhongwen);
  EXPECT_EQ(from_utf8("abc", "us-ascii"), "abc");
  EXPECT_EQ(from_utf8(zhongwen, "us-ascii"), std::nullopt);
  EXPECT_EQ(from_utf8(zhongwen, "iso-8859-1"), std::nullopt);
  EXPECT_EQ(from_utf8("a", "x-no-such"), std::nullopt);
  EXPECT_EQ(to_utf8("\xFF", "gb2312"), "\xEF\xBF\xBD");  // the shared converter is as before
}

TEST(Charset, Labels) {
  for (std::string_view l : {"utf-8", "UTF8", "gb2312", "big5", "koi8-r", "windows-1252", "us-ascii"})
    EXPECT_TRUE(is_charset(l)) << l;
  for (std::string_view l : {"", "x-no-such", "utf-8,locale=de", "../../etc/passwd", "unknown-8bit"})
    EXPECT_FALSE(is_charset(l)) << l;
  EXPECT_FALSE(is_charset(std::string(5000, 'a')));
}

TEST(Charset, FoldMakesTraditionalAndSimplifiedHanOne) {
  EXPECT_EQ(fold("請審閱附件中的價格合同"), fold("请审阅附件中的价格合同"));
  EXPECT_EQ(fold("國學 ABC 發髮"), "国学 abc 发发");
  EXPECT_EQ(fold("苧"), fold("苎"));  // each is the other's simplified form
  EXPECT_EQ(fold("薴"), fold("苎"));
  EXPECT_NE(fold_case("國"), fold_case("国"));
  for (auto same : {"。", "日本のかな", "한국어", "𠮷", "é"}) EXPECT_EQ(fold(same), fold_case(same)) << same;
  std::string all;  // each one as long as before, and folded once for all
  for (uint32_t c = 0x3400; c < 0xA000; ++c) {
    all = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    std::string once = fold(all);
    EXPECT_EQ(once.size(), fold_case(all).size()) << all;
    EXPECT_EQ(fold(once), once) << all;
  }
}

TEST(Charset, Fold) {
  EXPECT_EQ(fold("HeLLo"), "hello");
  EXPECT_EQ(fold("\xC3\x84rger"), fold("\xC3\xA4RGER"));
  EXPECT_EQ(fold("Stra\xC3\x9F" "e"), "strasse");
  EXPECT_EQ(fold("\xEF\xBC\xA1"), "a");                 // full width A
  EXPECT_EQ(fold("a\xCC\x88"), fold("\xC3\xA4"));        // composed and not
  EXPECT_EQ(fold(zhongwen), zhongwen);
}

}  // namespace
}  // namespace jd::mime
