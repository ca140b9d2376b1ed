// SPDX-License-Identifier: MIT
#include "lib/mime/charset.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

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
