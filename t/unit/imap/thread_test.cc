// SPDX-License-Identifier: MIT
#include "lib/imap/thread.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "t/unit/cost.h"

namespace jd::imap {
namespace {

ThreadMessage mail(uint32_t n, std::string id, std::string references, std::string subject = "", bool is_reply = false) {
  ThreadMessage m;
  m.number = n;
  m.sent = m.arrived = n;
  m.id = std::move(id);
  m.references = std::move(references);
  m.subject = std::move(subject);
  m.is_reply = is_reply;
  return m;
}
std::string threads(Threading how, const std::vector<ThreadMessage>& m) {
  std::string out;
  put_threads(how, m, out);
  return out;
}

TEST(ImapThread, References) {
  auto how = Threading::references;
  EXPECT_EQ(threads(how, {}), "");
  // Between two that are here one is missing: it is closed up.
  EXPECT_EQ(threads(how, {mail(1, "a", ""), mail(2, "c", "a b"), mail(3, "d", "a b")}), "(1 (2)(3))");
  // Another's references tell the parent of one that came earlier and says nothing itself.
  EXPECT_EQ(threads(how, {mail(1, "b", ""), mail(2, "c", "a b"), mail(3, "a", "")}), "(3 1 2)");
  // What a message says itself decides.
  EXPECT_EQ(threads(how, {mail(1, "a", ""), mail(2, "b", ""), mail(3, "x", "b c"), mail(4, "c", "a")}), "(1 4 3)(2)");
  // The same id twice: the second is known by none.
  EXPECT_EQ(threads(how, {mail(1, "a", ""), mail(2, "a", ""), mail(3, "b", "a")}), "(1 3)(2)");
  EXPECT_EQ(threads(how, {mail(1, "a", "a"), mail(2, "b", "b a b")}), "(2 1)");
  EXPECT_EQ(threads(how, {mail(1, "a", "c"), mail(2, "b", "a"), mail(3, "c", "b")}), "(3 1 2)");
}

TEST(ImapThread, SubjectsJoin) {
  auto how = Threading::references;
  EXPECT_EQ(threads(how, {mail(1, "", "", "S"), mail(2, "", "", "S", true)}), "(1 2)");
  EXPECT_EQ(threads(how, {mail(1, "", "", "S", true), mail(2, "", "", "S")}), "(2 1)");
  EXPECT_EQ(threads(how, {mail(1, "", "", "S"), mail(2, "", "", "S"), mail(3, "", "", "S")}), "((1)(2)(3))");
  EXPECT_EQ(threads(how, {mail(1, "", "", ""), mail(2, "", "", "")}), "(1)(2)");
  // Two whose beginnings are not here, of one subject; and one that is here.
  EXPECT_EQ(threads(how, {mail(1, "", "g", "S"), mail(2, "", "g", "S"), mail(3, "", "h", "S"), mail(4, "", "h", "S")}), "((1)(2)(3)(4))");
  EXPECT_EQ(threads(how, {mail(1, "", "g", "S", true), mail(2, "", "g", "S"), mail(3, "", "", "S")}), "((1)(2)(3))");
  EXPECT_EQ(threads(Threading::refs, {mail(1, "", "", "S"), mail(2, "", "", "S", true)}), "(1)(2)");
}

TEST(ImapThread, OrderedSubject) {
  auto how = Threading::ordered_subject;
  EXPECT_EQ(threads(how, {mail(1, "", "", "B"), mail(2, "", "", "A"), mail(3, "", "", "B"), mail(4, "", "", "B")}), "(1 (3)(4))(2)");
}

// Each message once, whatever the references say.
TEST(ImapThread, NobodyIsLostAndNobodyIsTwice) {
  std::minstd_rand random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<ThreadMessage> m;
    uint32_t n = 1 + static_cast<uint32_t>(random() % 12);
    for (uint32_t i = 1; i <= n; ++i) {
      std::string refs;
      for (auto k = random() % 4; k; --k) refs += fmt::format("{}{}", refs.empty() ? "" : " ", random() % 10);
      m.push_back(mail(i, random() % 5 ? fmt::format("{}", random() % 10) : "", refs, fmt::format("{}", random() % 3), random() % 2));
      m.back().sent = static_cast<int64_t>(random() % 6);
    }
    for (auto how : {Threading::references, Threading::refs, Threading::ordered_subject}) {
      std::string out = threads(how, m), digits = out;
      for (char& c : digits) c = c >= '0' && c <= '9' ? c : ' ';
      std::vector<uint32_t> seen;
      for (std::size_t at = 0; (at = digits.find_first_not_of(' ', at)) != digits.npos; at = digits.find(' ', at))
        seen.push_back(static_cast<uint32_t>(atoi(digits.c_str() + at)));
      std::sort(seen.begin(), seen.end());
      ASSERT_EQ(seen.size(), n) << out;
      for (uint32_t i = 0; i < n; ++i) ASSERT_EQ(seen[i], i + 1) << out;
      ASSERT_EQ(std::count(out.begin(), out.end(), '('), std::count(out.begin(), out.end(), ')')) << out;
      ASSERT_EQ(out.find(" )"), out.npos) << out;
      ASSERT_EQ(out.find("()"), out.npos) << out;
    }
  }
}

TEST(ImapThread, CostsGrowWithTheMessages) {
  auto expect = [](const char* what, auto make) {
    auto work = [&](const std::string& bytes) {
      std::vector<ThreadMessage> m;
      auto n = static_cast<uint32_t>(bytes.size() / 16);
      for (uint32_t i = 0; i < n; ++i) m.push_back(make(i, n));
      for (auto how : {Threading::references, Threading::refs, Threading::ordered_subject}) (void)threads(how, m);
    };
    cost::expect_linear(what, work, "", "x");
  };
  auto id = [](uint32_t i) { return fmt::format("{}", i); };
  expect("one chain", [&](uint32_t i, uint32_t) { return mail(i + 1, id(i), i ? id(i - 1) : ""); });
  expect("one chain backwards", [&](uint32_t i, uint32_t) { return mail(i + 1, id(i), id(i + 1)); });
  expect("a ring", [&](uint32_t i, uint32_t n) { return mail(i + 1, id(i), id((i + 1) % n)); });
  expect("a star", [&](uint32_t i, uint32_t) { return mail(i + 1, id(i), "gone"); });
  expect("a chain of absent ones", [&](uint32_t i, uint32_t) { return mail(i + 1, "", id(i) + " " + id(i + 1)); });
  expect("one subject", [&](uint32_t i, uint32_t) { return mail(i + 1, id(i), "", "S", i % 2); });
}

}  // namespace
}  // namespace jd::imap
