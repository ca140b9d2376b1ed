// SPDX-License-Identifier: MIT
#include "lib/mime/text.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

const std::string zhongwen = "\xE4\xB8\xAD\xE6\x96\x87";

std::string html(std::string_view s, std::size_t step = SIZE_MAX) {
  HtmlText h;
  std::string out;
  for (std::size_t i = 0; i < s.size(); i += step) {
    h.feed(s.substr(i, step), out);
    if (step == SIZE_MAX) break;
  }
  h.finish(out);
  return out;
}

TEST(Text, Html) {
  struct Case {
    std::string_view html, want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"a <b>bold</b> word", "a bold word"},
           {"<p>one</p><p>two", "\none\n\ntwo"},
           {"a<br/>b", "a\nb"},
           {"<a href=\"x>y\">link</a>", "link"},
           {"<a title = 'x>y' href=z>link</a>", "link"},
           {"x<script>if (a<b) c=\"</p>\";</script>y", "xy"},
           {"x<STYLE type=a>p{}</Style >y", "xy"},
           {"a<!-- c > d -- e -->b", "ab"},
           {"1 < 2 &amp; 3 &lt;4 &#20013;&#x6587; &euro; &nosuch; & x", "1 < 2 & 3 <4 " "\xE4\xB8\xAD\xE6\x96\x87 \xE2\x82\xAC &nosuch; & x"},
           {"AT&T", "AT&T"},
           {"a&lt<b>", "a&lt"},
           {"<", ""},
           {"&am", "&am"},
           {"&#xD800;&#0;&#9999999;", ""},
           {"<<b>x", "<x"},
       }) {
    EXPECT_EQ(html(c.html), c.want) << c.html;
    EXPECT_EQ(html(c.html, 1), c.want) << c.html;
    EXPECT_EQ(html(c.html, 3), c.want) << c.html;
  }
}

std::string body_text(std::string_view m) {
  std::string r;
  visit_body_text(m, parse(m), [&](std::string_view s) {
    EXPECT_TRUE(is_utf8(s));
    r += s;
    return true;
  });
  return r;
}

const std::string message =
    "Subject: =?gb2312?B?1tDOxA==?= news\r\nFrom: J\xF6rg <j@x>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    "--b\r\nContent-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "1tDO\r\nxA0KZW5k\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<p>caf=C3=A9 &eacute;</p>=\r\n!\r\n"
    "--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nHidden Words\r\n--b--\r\n";

TEST(Text, AMultipartWithoutPartsIsText) {
  EXPECT_EQ(body_text("Content-Type: multipart/mixed\r\n\r\nno boundary\r\n"), "no boundary\n\n");
  EXPECT_EQ(body_text("Content-Type: multipart/mixed; boundary=b\r\n\r\nno part\r\n--b--"), "no part\n--b--\n");
}

TEST(Text, BodyOfAllLeaves) {
  EXPECT_EQ(body_text(message), zhongwen + "\nend\n" + "\ncaf\xC3\xA9 \xC3\xA9\n!\n" + "Hidden Words\n");
}

TEST(Text, ASinkMayStop) {
  int calls = 0;
  EXPECT_FALSE(visit_body_text(message, parse(message), [&](std::string_view) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

TEST(Text, Headers) {
  std::string r;
  auto sink = [&](std::string_view s) { r += s; return true; };
  visit_header_text(message, parse(message), false, sink);
  EXPECT_EQ(r.substr(0, r.find("Content")), "Subject: " + zhongwen + " news\nFrom: J\xC3\xB6rg <j@x>\n");
  r.clear();
  visit_header_text(message, parse(message), true, sink);
  EXPECT_NE(r.find("Subject: inside\n"), r.npos);
}

TEST(Text, Contains) {
  Part root = parse(message);
  auto has = [&](std::string_view s, SearchIn w) { return contains_text(message, root, s, w); };
  EXPECT_TRUE(has("hidden words", SearchIn::body));
  EXPECT_TRUE(has("CAF\xC3\x89", SearchIn::body));
  EXPECT_TRUE(has(zhongwen, SearchIn::body));
  EXPECT_FALSE(has("news", SearchIn::body));
  EXPECT_TRUE(has("NEWS", SearchIn::all));
  EXPECT_TRUE(has("inside", SearchIn::all));
  EXPECT_FALSE(has("preamble", SearchIn::all));
  EXPECT_FALSE(has("hello", SearchIn::all));
  EXPECT_FALSE(has("eacute", SearchIn::all));
  EXPECT_TRUE(has("", SearchIn::body));
}

TEST(Text, FoundAcrossPieces) {  // the word lies over each edge of the 64 KB pieces once
  for (std::size_t at : {65530u, 65533u, 65535u, 65536u, 131069u}) {
    std::string m = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + std::string(at, 'x') + zhongwen + "Needle";
    m += std::string(100'000, 'y');
    EXPECT_TRUE(contains_text(m, parse(m), zhongwen + "nEEdle", SearchIn::body)) << at;
    EXPECT_FALSE(contains_text(m, parse(m), "needlex", SearchIn::body));
  }
}

TEST(Text, Decoded) {
  Part root = parse(message);
  EXPECT_EQ(decoded(message, root.children[2]), "hello");
  std::string r;
  visit_decoded(message, root.children[2], [&](std::string_view s) { r += s; return true; });
  EXPECT_EQ(r, "hello");
}

TEST(Text, Preview) {
  EXPECT_EQ(preview(message, parse(message)), zhongwen + " end");
  EXPECT_EQ(preview(message, parse(message), 3), zhongwen);
  EXPECT_EQ(preview(message, parse(message), 1), zhongwen.substr(0, 3));
  std::string only_html = "Content-Type: text/html\r\n\r\n<style>p{}</style><p> a <b>b</b>\r\n\tc</p>";
  EXPECT_EQ(preview(only_html, parse(only_html)), "a b c");
  EXPECT_EQ(preview("", parse("")), "");
}

// What is scanned as it stands is found as it would be when decoded.
TEST(Text, PlainBytesAreScannedAsTheyStand) {
  auto in = [](std::string_view needle, std::string body, std::string_view type = "text/plain; charset=utf-8", std::string_view encoding = "8bit") {
    std::string m = "Content-Type: " + std::string(type) + "\r\nContent-Transfer-Encoding: " + std::string(encoding) + "\r\n\r\n" + body;
    return contains_text(m, parse(m), needle, SearchIn::body);
  };
  for (std::string_view at : {"", "z", "zy", "Zyzzyv", "zzzzzzzzzz"}) {
    EXPECT_TRUE(in("ZyZzyva", std::string(at) + "zYzZYVA" + std::string(at))) << at;
    EXPECT_FALSE(in("zyzzyva", std::string(at) + "zyzzyv" + std::string(at))) << at;
  }
  EXPECT_TRUE(in("a", "A"));
  EXPECT_FALSE(in("ab", "a"));
  EXPECT_FALSE(in("ab", "a\r\nb"));
  EXPECT_TRUE(in("ab", "a\rb"));           // a bare CR is not text
  EXPECT_TRUE(in("a\nb", "a\r\nb"));
  EXPECT_TRUE(in("abc", "a=\r\nb=63", "text/plain", "quoted-printable"));
  EXPECT_TRUE(in("abc", "\xEF\xBD\x81\xEF\xBD\x82\xEF\xBD\x83"));  // full width
  EXPECT_TRUE(in("abc", "a<b>b</b>c", "text/html"));
  EXPECT_TRUE(in("abc", "+AGE-bc", "text/plain; charset=utf-7"));
  EXPECT_FALSE(in("one two", "--b\r\n\r\none \r\n--b\r\n\r\ntwo\r\n--b--\r\n", "multipart/mixed; boundary=b"));
  EXPECT_TRUE(in("two", "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n", "multipart/mixed; boundary=b"));
}

}  // namespace
}  // namespace jd::mime
