// SPDX-License-Identifier: MIT
// What hostile mail may cost: eight times the bytes, about eight times the work.  Measured in CPU time
// of this thread and with room to spare: linear is 8, quadratic 64, the limit between them.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>

#include "lib/mime/address.h"
#include "lib/mime/content_type.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/imap_form.h"
#include "lib/mime/text.h"

namespace jd::mime {
namespace {

std::string repeat(std::string_view s, std::size_t bytes) {
  std::string r;
  while (r.size() < bytes) r += s;
  return r;
}

int64_t cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

template <class F>
int64_t cost(const F& work, const std::string& input) {
  int64_t best = INT64_MAX;
  for (int i = 0; i < 5; i++) {
    int64_t from = cpu_ns();
    work(input);
    best = std::min(best, cpu_ns() - from);
  }
  return best;
}

template <class F>
void expect_linear(const char* what, const F& work, std::string_view head, std::string_view unit) {
  constexpr std::size_t small = 16 << 10;
  std::string a = std::string(head) + repeat(unit, small), b = std::string(head) + repeat(unit, 8 * small);
  work(b);  // tables and buffers of the first use
  int64_t floor = 20'000;  // below it a clock tells nothing
  EXPECT_LT(cost(work, b), 32 * std::max(cost(work, a), floor)) << what << ": " << head << unit;
}

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
