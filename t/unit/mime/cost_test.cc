// SPDX-License-Identifier: MIT
// What hostile mail may cost the parsers (t/unit/cost.h).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/mime/address.h"
#include "lib/mime/content_type.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/imap_form.h"
#include "lib/mime/text.h"
#include "t/unit/cost.h"

namespace jd::mime {
namespace {

using cost::expect_linear;

TEST(Cost, MessagesOfAnyShape) {
  auto work = [](const std::string& m) {
    parse_for_store(m);
    contains_text(m, parse(m), "needle", SearchIn::all);
  };
  const std::string outer = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  for (std::string_view unit :
       {"text\r\n", "--b\r\n\r\nx\r\n", "--c\r\n", "A: b\r\n", "no field\r\n", "\r\n", "Content-Type: message/rfc822\r\n\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "To: <", "a@b, ", "(", " "})
    for (std::string_view head : {std::string_view(), std::string_view(outer), std::string_view("To: ")})
      expect_linear("message", work, head, unit);
}

// Shapes that no repeated unit makes.
TEST(Cost, BoundariesThatAllDiffer) {
  auto work = [](const std::string& m) { parse_for_store(m); };
  cost::expect_linear_in("each level a boundary of its own", work, [](std::size_t bytes) {
    std::string m;
    for (int i = 0; m.size() < bytes; i++) m += fmt::format("Content-Type: multipart/mixed; boundary=b{}\r\n\r\n--b{}\r\n", i, i);
    return m;
  });
  cost::expect_linear_in("boundaries that begin with each other, and lines that nearly are one", work, [](std::size_t bytes) {
    std::string m;
    for (std::size_t i = 1; i < 90; i++) {
      std::string b(i, 'b');
      m += fmt::format("Content-Type: multipart/mixed; boundary={}\r\n\r\n--{}\r\n", b, b);
    }
    return m + cost::repeat("--" + std::string(90, 'b') + "\r\n", bytes);
  });
}

TEST(Cost, Values) {
  auto addresses = [](const std::string& s) { parse_addresses(s); };
  auto decoded = [](const std::string& s) { decode_words(s); };
  auto type = [](const std::string& s) { parse_content_type(s); };
  for (std::string_view unit : {"a@b, ", "<a@b>", "<<", "(", "(a)", "\"", "\"a\" ", "a:", "a:b;", "@", "a b ", ". ", "[", "\\"})
    expect_linear("addresses", addresses, "", unit);
  for (std::string_view unit : {"=?", "=?a?b?", "=?utf-8?q?=41?=", "=?utf-8?b?QQ==?= ", "?=", "=?gbk?b?1tDO?= ", "\xC3"})
    expect_linear("encoded words", decoded, "", unit);
  for (std::string_view unit : {"a=b;", "a*1=b;", ";", "(", "a ", "a=b c ", "\"", "=", "/"})
    expect_linear("content type", type, "a/b;", unit);
}

TEST(Cost, HtmlAndEncodings) {
  auto work = [](const std::string& m) { contains_text(m, parse(m), "needle", SearchIn::body); };
  for (std::string_view unit : {"<a ", "<", "&", "&#", "<!--", "<script>", "</script>", "\"", "<a b=\"", "\xD6\xD0"})
    expect_linear("html", work, "Content-Type: text/html\r\n\r\n", unit);
  for (std::string_view unit : {"=", "= ", "=\r", "=A", "==", " ", "=\r\n"})
    expect_linear("quoted-printable", work, "Content-Transfer-Encoding: quoted-printable\r\n\r\n", unit);
  for (std::string_view unit : {"=", "A", "A=", "-"})
    expect_linear("base64", work, "Content-Transfer-Encoding: base64\r\n\r\n", unit);
  for (std::string_view label : {"gbk", "iso-2022-jp", "utf-7", "hz", "utf-16", "unheard-of"})
    for (std::string_view unit : {"\xD6\xD0", "~{", "\x1B$B", "+A", "\xFF", "~"})
      expect_linear("charset", work, "Content-Type: text/plain; charset=" + std::string(label) + "\r\n\r\n", unit);
}

}  // namespace
}  // namespace jd::mime
