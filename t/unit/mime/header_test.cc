// SPDX-License-Identifier: MIT
#include "lib/mime/header.h"

#include <gtest/gtest.h>

namespace jd::mime {
namespace {

std::string shape(std::string_view m) {
  std::string r;
  FieldReader reader(m);
  for (Field f; reader.next(f);) (((r += f.name) += "=") += unfold(f.value)) += "|";
  return r + std::string(m.substr(reader.offset()));
}

TEST(Header, FieldsAreViewsAndTheBodyFollowsTheEmptyLine) {
  EXPECT_EQ(shape("From: a\r\nTo: b\r\n\r\nbody\r\n"), "From=a|To=b|body\r\n");
  EXPECT_EQ(shape("From: a\nTo: b\n\nbody\n"), "From=a|To=b|body\n");
  EXPECT_EQ(shape("\r\nbody"), "body");
  EXPECT_EQ(shape(""), "");
  EXPECT_EQ(shape("A: 1"), "A=1|");
  EXPECT_EQ(shape("A: 1\r\n"), "A=1|");
  EXPECT_EQ(shape("A:\r\n\r\n"), "A=|");
}

TEST(Header, FoldedValuesKeepTheirBlanks) {
  std::string_view m = "Subject: one\r\n two\r\n\tthree \r\nTo: x\r\n\r\n";
  auto f = fields(m);
  ASSERT_EQ(f.size(), 2u);
  EXPECT_EQ(f[0].value, " one\r\n two\r\n\tthree ");
  EXPECT_EQ(f[0].whole, "Subject: one\r\n two\r\n\tthree \r\n");
  EXPECT_EQ(unfold(f[0].value), "one two\tthree");
  EXPECT_EQ(shape("A: 1\r\n  \r\nB: 2\r\n\r\nx"), "A=1|B=2|x");  // blanks are no empty line
}

TEST(Header, LinesThatAreNoFieldHaveNoName) {
  EXPECT_EQ(shape("From a@b Mon Jan 1 10:00:00 2024\nA: 1\n\nx"),
            "=From a@b Mon Jan 1 10:00:00 2024|A=1|x");
  EXPECT_EQ(shape("A: 1\r\njunk\r\nB: 2\r\n\r\nx"), "A=1|=junk|B=2|x");
  EXPECT_EQ(shape(" odd\r\nB: 2\r\n\r\nx"), "=odd|B=2|x");
  EXPECT_EQ(shape(": no name\r\nB: 2\r\n\r\nx"), "=: no name|B=2|x");
  EXPECT_EQ(shape("B : 2\r\n\r\nx"), "B=2|x");
}

TEST(Header, AMissingEmptyLineIsFoundByTheFirstLineThatIsNoField) {
  EXPECT_EQ(shape("A: 1\r\nhello there\r\nB: 2\r\n"), "A=1|hello there\r\nB: 2\r\n");
  EXPECT_EQ(shape("hello\nthere"), "=hello|=there|");
}

TEST(Header, AnyByteMayOccur) {
  using namespace std::string_view_literals;
  EXPECT_EQ(shape("A: \0\xff\r1\r\nX\0Y: 2\r\n\r\n\0"sv), "A=\0\xff\r1|=X\0Y: 2|\0"sv);
}

TEST(Header, FindIgnoresCaseAndOrder) {
  std::string_view m = "a: 1\r\nX-B: 2\r\nA: 3\r\n\r\nc: 4\r\n";
  EXPECT_EQ(find(m, "A"), " 1");
  EXPECT_EQ(find(m, "x-b"), " 2");
  EXPECT_EQ(find(m, "c"), std::nullopt);
  EXPECT_EQ(find(m, ""), std::nullopt);
  EXPECT_EQ(find_all(m, "a"), (std::vector<std::string_view>{" 1", " 3"}));
}

TEST(Header, EveryPrefixIsRead) {
  std::string m = "From: a\r\n b\r\njunk\r\nTo: c\r\n\r\nbody";
  for (std::size_t n = 0; n <= m.size(); n++) {
    std::string whole;
    FieldReader r(std::string_view(m).substr(0, n));
    for (Field f; r.next(f);) whole += f.whole;
    EXPECT_LE(r.offset(), n);
    EXPECT_EQ(whole, m.substr(0, whole.size()));
  }
}

TEST(Header, CountsAreBounded) {
  std::string m;
  for (std::size_t i = 0; i < max_fields + 5; i++) m += "A:b\n";
  EXPECT_EQ(fields(m).size(), max_fields);
  EXPECT_EQ(header_size(m), m.size());
}

}  // namespace
}  // namespace jd::mime
