// SPDX-License-Identifier: MIT
// SEARCH gives the same answers without an index, with a whole one and with one of half the messages.
#include "lib/store/search_index.h"

#include <map>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/imap/session.h"
#include "lib/mime/charset.h"
#include "lib/mime/text.h"
#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

using store::Scratch;

struct Random {
  uint64_t seed;
  uint64_t operator()(uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  }
  std::string_view of(const std::vector<std::string_view>& list) { return list[(*this)(list.size())]; }
};

// Few of them, so that they meet in all ways: letters, han, both cases, full width, what composes,
// what folds to more than one, white space of all kinds.
const std::vector<std::string_view> characters = {
    "a", "b", "A", "B", "@", ".", "-", "1", " ", " ", "\r\n", "\t", "中", "文", "国", "國", "价", "。", "，", "Ａ", "ｂ", "é", "e\xCC\x81",
    "ß", "ﬁ", "Ж", "ж", "\xC2\xA0", "\xE3\x80\x80", "가", "か", "が", "か\xE3\x82\x99", "𠮷", "\xE2\x80\x8B", "\xC2\xAD"};

std::string text_of(Random& random, std::size_t length) {
  std::string r;
  for (std::size_t i = 0; i < length; ++i) r += random.of(characters);
  return r;
}

std::string base64_lines(std::string_view bytes) {
  std::string coded = base64_encode(bytes), r;
  for (std::size_t i = 0; i < coded.size(); i += 76) r += coded.substr(i, 76) + "\r\n";
  return r;
}

std::string as_quoted(std::string_view bytes) {
  std::string r;
  for (std::size_t i = 0; i < bytes.size(); ++i) r += fmt::format("={:02X}", static_cast<unsigned char>(bytes[i])) + (i % 20 == 19 ? "=\r\n" : "");
  return r + "\r\n";
}

std::string leaf(Random& random, const std::string& text) {
  switch (random(5)) {
    case 0: return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(text);
    case 1: return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + as_quoted(text);
    case 2: return "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>" + text.substr(0, text.size() / 2) + "<b>" + text.substr(text.size() / 2) + "</b>&nbsp;a</p>\r\n";
    case 3: {
      auto gb = mime::from_utf8(text, "gb18030");
      return "Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(gb ? *gb : text);
    }
    default: return "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n";
  }
}

std::string message(Random& random) {
  std::string subject;
  for (char c : text_of(random, 8))
    if (c != '\r' && c != '\n') subject += c;
  std::string head = "From: Ann <ann.lee@mail.example.test>\r\nX-Note: =?utf-8?B?" + base64_encode(subject) + "?=\r\n\tab.ab\r\n";
  if (random(2)) return head + leaf(random, text_of(random, 12));
  return head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + leaf(random, text_of(random, 8)) + "\r\n--x\r\n" +
         leaf(random, text_of(random, 8)) + "\r\n--x\r\nContent-Type: application/octet-stream; name=\"ab1.pdf\"\r\n\r\nabab\r\n--x--\r\n";
}

std::string search(store::Account& account, const std::string& keys) {
  std::string said;
  Session s(account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("a EXAMINE INBOX\r\nb SEARCH " + keys + "\r\n");
  auto at = said.find("* SEARCH"), end = said.find("\r\n", at);
  return at == said.npos ? said : said.substr(at, end - at);
}

std::string literal(std::string_view text) { return fmt::format("{{{}+}}\r\n{}", text.size(), text); }

}  // namespace

TEST(SearchWithAnIndex, AnswersAsWithoutIt) {
  Scratch d;
  auto account = d.open();
  Random random{20};
  for (int i = 0; i < 40; ++i) store::add(*account, message(random), "INBOX", false);
  std::vector<std::string> questions;
  for (int i = 0; i < 400; ++i) {
    std::string text = literal(text_of(random, 1 + random(4)));
    switch (random(6)) {
      case 0: questions.push_back("BODY " + text); break;
      case 1: questions.push_back("HEADER X-Note " + text); break;
      case 2: questions.push_back("NOT TEXT " + text); break;
      case 3: questions.push_back("OR BODY " + text + " TEXT " + literal(text_of(random, 2))); break;
      case 4: questions.push_back("UIDAFTER 9 TEXT " + text + " NOT UIDBEFORE 12"); break;
      default: questions.push_back("TEXT " + text);
    }
  }
  std::map<std::string, std::string> answers;
  for (auto& q : questions) answers[q] = search(*account, q);
  auto same = [&](const char* when) {
    for (auto& q : questions) ASSERT_EQ(search(*account, q), answers[q]) << when << ": " << escape(q);
  };
  int left = 20;
  store::IndexOptions half;
  half.go_on = [&] { return left-- > 0; };
  ASSERT_TRUE(store::index_account(*account, half));
  same("half");
  auto all = store::index_account(*account, {});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->indexed, 40u);
  same("all");
  EXPECT_GT(std::count_if(answers.begin(), answers.end(), [](auto& a) { return a.second.size() > 8; }), 100);
}

// The text of a document counts once the index has it, and then as if it stood in the message; a search
// never finds what begins in one document and ends in the next.
TEST(SearchWithAnIndex, FindsWhatStandsInDocuments) {
  Scratch d;
  auto account = d.open();
  Random random{7};
  std::vector<std::vector<std::string>> documents;
  for (int i = 0; i < 30; ++i) {
    auto& own = documents.emplace_back();
    std::string m = "Subject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + leaf(random, text_of(random, 6));
    for (std::size_t n = random(3); n-- > 0;) {
      own.push_back(text_of(random, 8));
      m += "\r\n--x\r\nContent-Type: application/octet-stream; name=\"x.PDF\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(own.back());
    }
    store::add(*account, m + "\r\n--x--\r\n", "INBOX", false);
  }
  store::IndexOptions o;
  o.documents = {store::pdf_documents, [](std::string_view message, const mime::Part& leaf) -> Result<std::string> { return mime::clean_utf8(mime::decoded(message, leaf)); }};
  std::vector<std::string> texts;
  std::map<std::string, std::string> before;
  for (int i = 0; i < 300; ++i) texts.push_back(text_of(random, 1 + random(4)));
  for (auto& t : texts) before[t] = search(*account, "BODY " + literal(t)) + " ";
  auto read = store::index_account(*account, o);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->with_documents, static_cast<uint64_t>(std::count_if(documents.begin(), documents.end(), [](auto& own) { return !own.empty(); })));
  int only_there = 0;
  for (auto& t : texts) {
    std::string right = "* SEARCH", without = right;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      bool is_in_text = before[t].find(fmt::format(" {} ", i + 1)) != std::string::npos;
      bool is_in_document = std::any_of(documents[i].begin(), documents[i].end(), [&](auto& one) { return mime::contains(mime::fold(one), mime::fold(t)); });
      if (is_in_text || is_in_document) right += fmt::format(" {}", i + 1);
      else without += fmt::format(" {}", i + 1);
      only_there += is_in_document && !is_in_text;
    }
    ASSERT_EQ(search(*account, "BODY " + literal(t)), right) << escape(t);
    ASSERT_EQ(search(*account, "NOT BODY " + literal(t)), without) << escape(t);
  }
  EXPECT_GT(only_there, 500);
  EXPECT_EQ(search(*account, "HEADER Subject " + literal("ab")), "* SEARCH");
}

TEST(SearchWithAnIndex, FindsEveryChineseSubstringAndEverySubstringOfAnAddress) {
  std::string chinese = "各位同事：請審閱附件中的價格合同", address = "zhang.san+list@mail.example.test";
  Scratch d;
  auto account = d.open();
  store::add(*account, "From: <" + address + ">\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + chinese + "\r\n");
  store::add(*account, "From: <b@c>\r\nSubject: s\r\n\r\nother\r\n");
  auto whole = store::index_account(*account, {});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->indexed, 2u);
  for (std::size_t from = 0; from < chinese.size(); from += 3)
    for (std::size_t n = 3; from + n <= chinese.size(); n += 3)
      EXPECT_EQ(search(*account, "BODY " + literal(chinese.substr(from, n))), "* SEARCH 1") << chinese.substr(from, n);
  for (std::size_t from = 0; from < address.size(); ++from)
    for (std::size_t n = 4; from + n <= address.size(); ++n)
      for (auto key : {"TEXT ", "FROM "}) EXPECT_EQ(search(*account, key + literal(address.substr(from, n))), "* SEARCH 1") << address.substr(from, n);
}

}  // namespace jd::imap
