// SPDX-License-Identifier: MIT
#include "lib/mime/part.h"

#include <gtest/gtest.h>

#include "lib/mime/section.h"

namespace jd::mime {
namespace {

// "mixed[plain(body)plain()]": the tree and, for leaves, their bytes.
std::string shape(const Part& p, std::string_view m) {
  std::string r = p.subtype;
  if (p.children.empty()) {
    for (char c : m.substr(p.body_begin, p.end - p.body_begin)) r += c == '\r' ? '<' : c == '\n' ? '>' : c;
    return p.subtype + "(" + r.substr(p.subtype.size()) + ")";
  }
  r += "[";
  for (auto& c : p.children) r += shape(c, m);
  return r + "]";
}
std::string shape(std::string_view m) { return shape(parse(m), m); }

std::string crlf(std::string_view s) {
  std::string r;
  for (char c : s) (c == '\n' ? r += '\r' : r) += c;
  return r;
}

const std::string mixed = crlf(
    "From: a\nContent-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n--b\n\none\n--b\n"
    "Content-Type: multipart/alternative; boundary=c\nContent-ID: <x>\n\n--c\n\ntwo\n\n--c  \n"
    "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: BASE64\n"
    "Content-Language: en, de\n\nthree\n--c--\ninner epilogue\n--b\n"
    "Content-Type: message/rfc822\nContent-Disposition: attachment; filename=m\n\n"
    "Subject: in\n\nfour\nfive\n--b--\nepilogue\n");

TEST(Part, PlainMessages) {
  EXPECT_EQ(shape(""), "plain()");
  EXPECT_EQ(shape("\r\n"), "plain()");
  EXPECT_EQ(shape("A: b\r\n\r\nx\r\ny"), "plain(x<>y)");
  Part p = parse("A: b\r\n\r\nx\r\ny");
  EXPECT_EQ(p.lines, 1u);
  EXPECT_EQ(p.body_begin, 8u);
  EXPECT_EQ(p.end, 12u);
}

TEST(Part, MultipartsAndMessagesNest) {
  EXPECT_EQ(shape(mixed), "mixed[plain(one)alternative[plain(two<>)html(three)]rfc822[plain(four<>five)]]");
  Part p = parse(mixed);
  const Part& html = p.children[1].children[1];
  EXPECT_EQ(html.encoding, "base64");
  EXPECT_EQ(html.languages, (std::vector<std::string>{"en", "de"}));
  EXPECT_EQ(p.children[1].id, "<x>");
  EXPECT_EQ(p.children[1].children[0].lines, 1u);
  const Part& m = p.children[2];
  EXPECT_EQ(m.disposition.type, "attachment");
  EXPECT_EQ(m.lines, 3u);
  EXPECT_EQ(m.children[0].lines, 1u);
  EXPECT_EQ(m.children[0].header_begin, m.body_begin);
}

TEST(Part, BareLineFeedsAndMissingEnds) {
  std::string m = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n--b\nA: b\n\ntwo\n";
  EXPECT_EQ(shape(m), "mixed[plain(one>)plain(two>)]");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b"), "mixed[plain()]");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b--"), "mixed(--b--)");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b junk\n\none\n--b--junk\n--b-- junk\n--b\n"),
            "mixed[plain(one>--b--junk)]");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\nx\n--bb\n"), "mixed(x>--bb>)");
  EXPECT_EQ(shape("Content-Type: multipart/mixed\n\n--b\n\nx"), "mixed(--b>>x)");
}

TEST(Part, EmptyPartsAndPartsOfHeaderOnly) {
  std::string type = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  EXPECT_EQ(shape(type + "--b\r\n\r\n--b\r\n--b\r\nA: b\r\n--b--\r\n"), "mixed[plain()plain()plain()]");
  // The empty line stays with the header though the boundary owns the line end before it.
  std::string m = type + "--b\r\nContent-Type: message/rfc822\r\n\r\n\r\n--b--\r\n";
  Part p = parse(m);
  EXPECT_EQ(shape(p, m), "mixed[rfc822[plain()]]");
  EXPECT_LE(p.children[0].children[0].end, p.children[0].end);
}

TEST(Part, ABoundaryOfAnOuterMultipartEndsTheInnerOnes) {
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
                  "boundary=c\n\n--c\n\none\n--b\n\ntwo\n--c\n--b--\n"),
            "mixed[mixed[plain(one)]plain(two>--c)]");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
                  "boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n"),
            "mixed[mixed[plain(one)]plain(two)]");
}

TEST(Part, DigestsHoldMessages) {
  EXPECT_EQ(shape("Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\none\n--b--\n"),
            "digest[rfc822[plain(one)]]");
}

TEST(Part, AMissingEmptyLine) {
  EXPECT_EQ(shape("A: b\r\nhello\r\nContent-Type: text/html\r\n"),
            "plain(hello<>Content-Type: text/html<>)");
  EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\nbody here\n--b--\n"),
            "mixed[plain(body here)]");
  EXPECT_EQ(shape("A: b\nContent-Type: multipart/mixed; boundary=b\n--b\n\nx\n--b--\n"),
            "mixed(x>--b-->)");  // an empty line comes later: the lines before it are header
}

TEST(Part, TheFirstFieldOfANameCountsAndNonsenseIsPlainText) {
  EXPECT_EQ(parse("Content-Type: text/html\nContent-Type: text/x\n\n").subtype, "html");
  EXPECT_EQ(parse("Content-Type: nonsense; charset=x\n\n").subtype, "plain");
}

TEST(Part, DepthAndCountAreBounded) {
  std::string deep, wide = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 300; i++) deep += "Content-Type: message/rfc822\n\n";
  Part p = parse(deep);
  std::size_t depth = 1;
  for (const Part* q = &p; !q->children.empty(); q = &q->children[0]) depth++;
  EXPECT_EQ(depth, max_depth);
  for (int i = 0; i < 3000; i++) wide += "--b\n\nx\n";
  p = parse(wide);
  EXPECT_EQ(p.children.size(), max_parts - 1);
  EXPECT_EQ(p.end, wide.size());
  ASSERT_TRUE(decode(encode(p)));
  ASSERT_TRUE(decode(encode(parse(deep))));
}

void expect_nested(const Part& p, uint64_t begin, uint64_t end) {
  EXPECT_LE(begin, p.header_begin);
  EXPECT_LE(p.header_begin, p.body_begin);
  EXPECT_LE(p.body_begin, p.end);
  EXPECT_LE(p.end, end);
  for (auto& c : p.children) expect_nested(c, p.body_begin, p.end);
}

TEST(Part, EveryPrefixHasRangesThatNestAndSurvivesStoring) {
  for (std::size_t n = 0; n <= mixed.size(); n++) {
    std::string_view m = std::string_view(mixed).substr(0, n);
    Part p = parse(m);
    expect_nested(p, 0, n);
    std::string stored = encode(p);
    auto back = decode(stored);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(encode(*back), stored);
    EXPECT_EQ(shape(*back, m), shape(p, m));
  }
}

TEST(Part, DamagedStoredFormsAreRefusedAndHarmless) {
  std::string good = encode(parse(mixed));
  for (std::size_t n = 0; n < good.size(); n++) EXPECT_FALSE(decode(good.substr(0, n)));
  EXPECT_FALSE(decode(good + "x"));
  for (std::size_t i = 0; i < good.size(); i++)
    for (int bit = 0; bit < 8; bit++) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      if (auto p = decode(bad)) expect_nested(*p, 0, uint64_t{1} << 60);
    }
  auto r = decode("\x02");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm);
}

TEST(Section, AsInRfc3501) {
  Part p = parse(mixed);
  auto get = [&](std::string_view spec) {
    auto r = section(p, spec);
    return r ? std::string(r->of(mixed)) : "NIL";
  };
  EXPECT_EQ(get(""), mixed);
  EXPECT_EQ(get("header") + get("TEXT"), mixed);
  EXPECT_EQ(get("1"), "one");
  EXPECT_EQ(get("1.MIME"), "\r\n");
  EXPECT_EQ(get("2.1"), "two\r\n");
  EXPECT_EQ(get("2.2"), "three");
  EXPECT_EQ(get("2.MIME"), crlf("Content-Type: multipart/alternative; boundary=c\nContent-ID: <x>\n\n"));
  EXPECT_EQ(get("3"), "Subject: in\r\n\r\nfour\r\nfive");
  EXPECT_EQ(get("3.HEADER"), "Subject: in\r\n\r\n");
  EXPECT_EQ(get("3.TEXT"), "four\r\nfive");
  EXPECT_EQ(get("3.1"), "four\r\nfive");
  EXPECT_EQ(get("3.1.MIME"), "Subject: in\r\n\r\n");
  for (auto no : {"0", "4", "1.1", "2.3", "3.2", "3.1.1", "1.HEADER", "2.TEXT", "MIME", "1.", "x",
                  "1..2", "99999999999999999999", ".1", "1.HEADERS"})
    EXPECT_EQ(get(no), "NIL") << no;
  EXPECT_EQ(find_part(p, "2.2"), &p.children[1].children[1]);
  EXPECT_EQ(find_part(p, "2.2.MIME"), nullptr);
}

TEST(Section, MessagesThatAreNoMultipart) {
  std::string m = "A: b\r\n\r\nbody";
  Part p = parse(m);
  EXPECT_EQ(section(p, "1")->of(m), "body");
  EXPECT_EQ(section(p, "1.MIME")->of(m), "A: b\r\n\r\n");
  EXPECT_FALSE(section(p, "2"));
  EXPECT_FALSE(section(p, "1.1"));
  m = "Content-Type: message/rfc822\r\n\r\nS: x\r\n\r\nin";
  p = parse(m);
  EXPECT_EQ(section(p, "1")->of(m), "S: x\r\n\r\nin");
  EXPECT_EQ(section(p, "1.HEADER")->of(m), "S: x\r\n\r\n");
  EXPECT_EQ(section(p, "1.1")->of(m), "in");
  EXPECT_EQ(section(p, "TEXT")->of(m), "S: x\r\n\r\nin");
  m = "Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing";
  EXPECT_EQ(section(parse(m), "1")->size(), 0u);
  EXPECT_FALSE(section(parse(m), "2"));
}

TEST(Section, HeaderFields) {
  std::string h = "A: 1\r\nb: 2\r\n x\r\njunk\r\nA: 3\r\n\r\n";
  EXPECT_EQ(header_fields(h, {"a"}), "A: 1\r\nA: 3\r\n\r\n");
  EXPECT_EQ(header_fields(h, {"A"}, true), "b: 2\r\n x\r\njunk\r\n\r\n");
  EXPECT_EQ(header_fields(h, {"zz"}), "\r\n");
  EXPECT_EQ(header_fields("A: 1", {"a"}), "A: 1\r\n\r\n");
}

}  // namespace
}  // namespace jd::mime
