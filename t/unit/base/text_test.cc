// SPDX-License-Identifier: MIT
#include "lib/base/text.h"

#include <gtest/gtest.h>

namespace jd {

TEST(Text, NumbersAreWholeAndBounded) {
  EXPECT_EQ(to_number("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "-1", "+1", "1 ", "18446744073709551616", "0x1"}) EXPECT_FALSE(to_number(bad)) << bad;
  EXPECT_EQ(to_size("50M"), 50u << 20);
  EXPECT_EQ(to_size("7"), 7u);
  EXPECT_FALSE(to_size("99999999999999T"));
  EXPECT_EQ(size_text(1536), "1.5K");
}

TEST(Text, SplitsAndTrims) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ',').size(), 1u);
  EXPECT_EQ(words("  a \t b\r\n"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(trim(" \tx y\r\n"), "x y");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(split_once("k=v=w", '=')->second, "v=w");
}

TEST(Text, ComparesWithoutCaseInAsciiOnly) {
  EXPECT_TRUE(iequals("InBoX", "INBOX"));
  EXPECT_FALSE(iequals("\xc3\x84", "\xc3\xa4"));
  EXPECT_EQ(ifind("Hello World", "WORLD"), 6u);
  EXPECT_EQ(ifind("abc", "d"), std::string_view::npos);
}

TEST(Text, KnowsWellFormedUtf8) {
  for (const char* good : {"", "a", "中文", "\xf0\x9f\x98\x80", "\xef\xbf\xbd"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xb8", "\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Text, ChineseTakesTwoColumns) {
  EXPECT_EQ(display_width("收件箱"), 6);
  EXPECT_EQ(pad_to("收", 4), "收  ");
  EXPECT_EQ(display_width("abc"), 3);
}

TEST(Text, NothingEscapesFromALogLine) {
  EXPECT_EQ(escape("a\nb\"c\\\x1b"), "a\\x0ab\\\"c\\\\\\x1b");
  EXPECT_EQ(escape("中"), "中");
  EXPECT_EQ(escape("\xff"), "\\xff");
}

TEST(Text, FileNamesAreSafeAndReversible) {
  EXPECT_EQ(file_name_encode("../etc"), "%2e.%2fetc");
  EXPECT_EQ(file_name_encode("ann+tag@example.org"), "ann+tag@example.org");
  for (std::string s : {std::string("../a/b"), std::string(".x"), std::string("a\0b", 3), std::string("用户%")})
    EXPECT_EQ(file_name_decode(file_name_encode(s)), s);
  EXPECT_FALSE(file_name_decode("%4"));
  EXPECT_FALSE(file_name_decode("%zz"));
}

TEST(Text, HexBothWays) {
  EXPECT_EQ(hex("\x01\xab"), "01ab");
  EXPECT_EQ(unhex("01AB"), "\x01\xab");
  EXPECT_FALSE(unhex("0"));
}

}  // namespace jd
