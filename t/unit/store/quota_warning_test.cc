// SPDX-License-Identifier: MIT
#include "lib/store/quota_warning.h"

#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
uint64_t fill(Account& a, const Config& c, const Quota& q, std::size_t bytes, const std::string& subject = "filler") {
  std::string m = mail(subject, bytes);
  add(a, m, "Archive");
  auto r = warn_if_full(a, c, {.address = "ann@example.test", .quota = q, .bytes = m.size(), .messages = 1, .message = m});
  EXPECT_TRUE(r) << (r ? "" : r.error().what);
  return r ? *r : 0;
}
std::vector<std::string> subjects(Account& a) {
  std::vector<std::string> r;
  auto f = a.folder(inbox_id);
  EXPECT_TRUE((*f)->refresh());
  for (auto& e : (*f)->state().entries()) r.push_back(mime::decode_words(*mime::find(*a.segments().message(e), "Subject")));
  return r;
}
void empty(Account& a) {
  for (const char* name : {"Archive", "INBOX"}) {
    UidSet all;
    all.add(1, 10000);
    ASSERT_TRUE((*a.folder(name))->expunge(all));
  }
}
using Lines = std::vector<std::string>;
}  // namespace

TEST(QuotaWarning, ComesOnceForEachLevelAndAgainOnlyAfterItWasLower) {
  Scratch s;
  auto a = s.open();
  Config c;
  Quota q{.bytes = 100'000};
  EXPECT_EQ(fill(*a, c, q, 70'000), 0u);
  EXPECT_EQ(fill(*a, c, q, 11'000), 80u);
  EXPECT_EQ(fill(*a, c, q, 1'000), 0u);
  EXPECT_EQ(fill(*a, c, q, 13'000), 95u);
  EXPECT_EQ(fill(*a, c, q, 1'000), 0u);
  EXPECT_EQ(subjects(*a), (Lines{"Your mailbox is more than 80% full", "Your mailbox is more than 95% full"}));
  auto b = s.open();  // another process, another day
  EXPECT_EQ(fill(*b, c, q, 100), 0u);
  empty(*a);
  EXPECT_EQ(fill(*b, c, q, 85'000), 80u) << "it was below it";
  empty(*a);
  EXPECT_EQ(fill(*b, c, q, 10), 0u);
  EXPECT_FALSE(read_quota_state(a->dir()));
  EXPECT_EQ(fill(*b, c, q, 97'000), 95u) << "the highest only";
  EXPECT_EQ(subjects(*a).size(), 1u);
}

TEST(QuotaWarning, CountsMessagesToo) {
  Scratch s;
  auto a = s.open();
  Config c;
  c.quota_warn = {50};
  EXPECT_EQ(fill(*a, c, {.messages = 4}, 10), 0u);
  EXPECT_EQ(fill(*a, c, {.messages = 4}, 10), 50u);
  auto state = read_quota_state(a->dir());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->level, 50u);
  EXPECT_EQ(state->usage.messages, 2u);
  EXPECT_EQ(state->quota.messages, 4u);
  c.quota_warn = {};
  EXPECT_EQ(fill(*a, c, {.messages = 4}, 10), 0u);
}

TEST(QuotaWarning, IsInTheUsersLanguage) {
  for (auto [language, subject, expected] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"sender", "hello", "Your mailbox is more than 80% full"},
           {"sender", "=?UTF-8?B?5ZCI5ZCM6I2J5qGI?=", "您的邮箱空间已使用 80% 以上 / Your mailbox is more than 80% full"},
           {"zh", "hello", "您的邮箱空间已使用 80% 以上"},
           {"both", "hello", "您的邮箱空间已使用 80% 以上 / Your mailbox is more than 80% full"},
           {"en", "=?UTF-8?B?5ZCI5ZCM6I2J5qGI?=", "Your mailbox is more than 80% full"}}) {
    Scratch s;
    auto a = s.open();
    Config c;
    c.report_language = language;
    c.postmaster = "boss@example.test";
    EXPECT_EQ(fill(*a, c, {.bytes = 10'000}, 8'500, subject), 80u);
    EXPECT_EQ(subjects(*a), Lines{expected});
    std::string m = body_of(*a, "INBOX", 1);
    EXPECT_NE(m.find("<boss@example.test>"), m.npos);
    EXPECT_NE(m.find("Auto-Submitted: auto-generated"), m.npos);
    EXPECT_NE(m.find("To: <ann@example.test>"), m.npos);
  }
}

TEST(QuotaWarning, AStateThatMakesNoSenseIsNone) {
  Scratch s;
  auto a = s.open();
  QuotaState st{95, 80, {1, 2}, {.bytes = 3, .messages = 4}};
  ASSERT_TRUE(write_quota_state(a->dir(), st));
  std::string whole = *file::read_all(a->dir(), "quota");
  EXPECT_EQ(whole, "JDQUOTA1 95 80 1 3 2 4\n");
  for (std::string bad : {"", "JDQUOTA1", "JDQUOTA2 95 80 1 3 2 4\n", "JDQUOTA1 95 80 1 3 2 x\n", "JDQUOTA1 0 0 1 3 2 4\n", "JDQUOTA1 101 80 1 3 2 4\n", "JDQUOTA1 95 80 1 3 2 4 5\n"}) {
    ASSERT_TRUE(file::write_durable(a->dir(), "quota", bad));
    EXPECT_FALSE(read_quota_state(a->dir())) << bad;
  }
  ASSERT_TRUE(write_quota_state(a->dir(), {}));
  EXPECT_FALSE(file::exists(s.account() + "/quota"));
}

}  // namespace jd::store
