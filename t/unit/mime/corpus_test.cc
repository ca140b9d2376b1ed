// SPDX-License-Identifier: MIT
// Every check of the fuzz target over our own small inputs, and over the shared corpus of real and
// broken mail where that is at hand (JDMAIL_CORPUS, else ../shared/corpus).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "lib/base/file.h"
#include "t/fuzz/mime.cc"

namespace jd::mime {
namespace {

void run(std::string_view bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

TEST(Fuzz, OwnInputs) {
  using namespace std::string_view_literals;
  for (std::string_view s : {""sv, "\0"sv, "\r\n"sv, "\n\n\n"sv, "A: b"sv, "=?utf-8?q?=\r\n?= <a@(\xFF"sv,
                             "Content-Type: multipart/mixed; boundary=\"\r\n\r\n--\r\n"sv,
                             "Content-Type: text/html; charset=hz\r\n\r\n~{<a b='&#x"sv,
                             "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ=="sv,
                             "\x01\x04text\x05plain\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv})
    run(s);
  std::string_view m =
      "From: \"A\" <a@b>, G: c@d (e);\r\nSubject: =?gbk?B?1tDOxA==?=\r\nDate: 1 Jan 20 1:2 +1\r\n"
      "Content-Type: multipart/x; boundary=\"a b\"; x*0*=utf-8''%41; x*1=b\r\n\r\n--a b\r\n"
      "Content-Type: text/html; charset=utf-7\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
      "<p>+Ti1lhw-=\r\n=3D</p>\r\n--a b\r\nContent-Type: message/global\r\n\r\nA: b\r\n\r\n\xFF\r\n--a b--\r\n";
  for (std::size_t n = 0; n <= m.size(); n++) {  // cut anywhere; one byte wrong anywhere
    run(m.substr(0, n));
    std::string bad(m);
    if (n < bad.size()) bad[n] = static_cast<char>(n * 37);
    run(bad);
  }
}

std::string corpus() {
  const char* env = getenv("JDMAIL_CORPUS");
  return env ? env : "../shared/corpus";
}

void collect(const std::string& dir, std::vector<std::string>& out) {
  auto names = file::list(AT_FDCWD, dir);
  if (!names) return;
  for (const std::string& n : *names) {
    std::string path = dir + "/" + n;
    auto fd = file::open(path, O_RDONLY | O_DIRECTORY);
    if (fd) collect(path, out);
    else out.push_back(path);
  }
}

std::string crlf(std::string_view s) {
  std::string r;
  for (std::size_t i = 0; i < s.size(); i++) {
    if (s[i] == '\n' && (i == 0 || s[i - 1] != '\r')) r += '\r';
    r += s[i];
  }
  return r;
}

TEST(Corpus, EveryFileAsAMessage) {
  std::vector<std::string> files;
  collect(corpus(), files);
  if (files.empty()) {
    printf("left out: no corpus at %s\n", corpus().c_str());
    return;
  }
  std::size_t messages = 0;
  for (const std::string& path : files) {
    auto bytes = file::read_all(path);
    if (!bytes || bytes->size() > 2 << 20) continue;
    if (path.find("/spamassassin-public/") != path.npos && ++messages % 7) continue;
    SCOPED_TRACE(path);
    run(*bytes);
    run(crlf(*bytes));
  }
  printf("%zu files\n", files.size());
}

// mime4j's expected results: "(" multipart ")", "{" embedded message "}", "L" a leaf.
std::string shape_of_xml(std::string_view xml) {
  std::string r;
  int depth = 0;
  for (std::size_t i = xml.find('<'); i != xml.npos; i = xml.find('<', i + 1)) {
    std::string_view tag = xml.substr(i + 1, xml.find('>', i) - i - 1);
    if (tag == "multipart") r += '(';
    if (tag == "/multipart") r += ')';
    if (tag == "message" && depth++ > 0) r += '{';
    if (tag == "/message" && --depth > 0) r += '}';
    if (tag.starts_with("text-body") || tag.starts_with("binary-body")) r += 'L';
  }
  return r;
}
std::string shape_of(const Part& p) {
  std::string r;
  if (!p.is_multipart() && !p.is_message()) return "L";
  for (const Part& c : p.children) r += shape_of(c);
  return p.is_multipart() ? "(" + r + ")" : "{" + r + "}";
}

// Where we mean to differ: RFC 2046 §5.1.1 lets no boundary end in blanks, and offsets into a message
// that is itself encoded in base64 (forbidden by §5.2.1) would be none into ours.
bool differs(std::string_view path) {
  return path.ends_with("/weird-boundary.msg") || path.ends_with("/multi-2gifs-base64.msg");
}

TEST(Corpus, StructureAsMime4jExpects) {
  std::size_t compared = 0;
  for (std::string dir : {corpus() + "/mime4j/testmsgs", corpus() + "/mime4j/mimetools-testmsgs"}) {
    std::vector<std::string> files;
    collect(dir, files);
    for (const std::string& path : files) {
      if (!path.ends_with(".msg") || differs(path)) continue;
      auto xml = file::read_all(path.substr(0, path.size() - 4) + "_decoded.xml");
      auto bytes = file::read_all(path);
      if (!xml || !bytes) continue;
      compared++;
      EXPECT_EQ(shape_of(parse(*bytes)), shape_of_xml(*xml)) << path;
      EXPECT_EQ(shape_of(parse(crlf(*bytes))), shape_of_xml(*xml)) << path;
    }
  }
  if (compared == 0) printf("left out: no corpus at %s\n", corpus().c_str());
  else printf("%zu compared\n", compared);
}

// Every body_begin of a tree, and every "offset_body" that stalwart's parser gives, sorted.
void collect_bodies(const Part& p, std::vector<uint64_t>& out) {
  out.push_back(p.body_begin);
  for (const Part& c : p.children) collect_bodies(c, out);
}
std::vector<uint64_t> bodies_in_json(std::string_view json) {
  constexpr std::string_view key = "\"offset_body\": ";
  std::vector<uint64_t> r;
  for (std::size_t i = json.find(key); i != json.npos; i = json.find(key, i + 1)) {
    std::string_view number = json.substr(i + key.size(), 20);
    r.push_back(to_number(number.substr(0, number.find_first_not_of("0123456789"))).value_or(0));
  }
  std::sort(r.begin(), r.end());
  return r;
}

TEST(Corpus, BodiesWhereStalwartHasThem) {
  std::size_t compared = 0;
  for (std::string dir : {"legacy", "rfc"}) {
    std::vector<std::string> files;
    collect(corpus() + "/stalwart-mail-parser/" + dir, files);
    for (const std::string& path : files) {
      if (!path.ends_with(".eml")) continue;
      auto bytes = file::read_all(path);
      bool has_crlf = bytes && bytes->find("\r\n") != std::string::npos;
      auto json = file::read_all(path.substr(0, path.size() - 4) + (has_crlf ? ".crlf.json" : ".json"));
      if (!bytes || !json) continue;
      std::vector<uint64_t> ours;
      collect_bodies(parse(*bytes), ours);
      std::sort(ours.begin(), ours.end());
      EXPECT_EQ(ours, bodies_in_json(*json)) << path;
      compared++;
    }
  }
  if (compared == 0) printf("left out: no corpus at %s\n", corpus().c_str());
  else printf("%zu compared\n", compared);
}

// One address, whole, that written again is read as the same.
void expect_one_mailbox(std::string_view raw) {
  auto list = parse_addresses(raw);
  ASSERT_EQ(list.size(), 1u) << raw;
  EXPECT_FALSE(list[0].domain.empty()) << raw;
  auto again = parse_addresses(address_spec(list[0]));
  ASSERT_EQ(again.size(), 1u) << raw;
  EXPECT_EQ(again[0].local, list[0].local) << raw;
  EXPECT_EQ(again[0].domain, list[0].domain) << raw;
}

TEST(Corpus, ValidAddressesOfFlanker) {
  auto text = file::read_all(corpus() + "/flanker/mailbox_valid.txt");
  if (!text) printf("left out: no corpus at %s\n", corpus().c_str());
  for (std::string_view line : text ? split(*text, '\n') : std::vector<std::string_view>()) {
    line = trim(line);
    if (!line.empty() && line[0] != '#') expect_one_mailbox(line);
  }
}

std::string unescape_xml(std::string_view s) {
  std::string r;
  HtmlText text;
  text.feed(s, r);
  text.finish(r);
  return r;
}

// The cases that are addresses by RFC 5321 or 5322 as they are written on their own.
TEST(Corpus, ValidAddressesOfIsemail) {
  auto xml = file::read_all(corpus() + "/address-isemail/tests-partA.xml");
  if (!xml) printf("left out: no corpus at %s\n", corpus().c_str());
  std::string_view rest = xml ? std::string_view(*xml) : std::string_view();
  for (std::size_t i = rest.find("<address>"); i != rest.npos; i = rest.find("<address>")) {
    rest.remove_prefix(i + 9);
    std::string address = unescape_xml(rest.substr(0, rest.find("</address>")));
    std::string_view category = rest.substr(rest.find("<category>") + 10, 24);
    run(address);
    if (category.starts_with("ISEMAIL_VALID") || category.starts_with("ISEMAIL_DNSWARN") ||
        category.starts_with("ISEMAIL_CFWS"))
      expect_one_mailbox(address);
  }
}

}  // namespace
}  // namespace jd::mime
