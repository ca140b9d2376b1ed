// SPDX-License-Identifier: MIT
#include "lib/base/config.h"

#include <gtest/gtest.h>

namespace jd {
namespace {
std::string refusal(const char* toml) {
  auto c = Config::parse(toml, "x.toml");
  return c ? "accepted" : c.error().what;
}
}  // namespace

TEST(Config, EveryMistakeNamesLineAndRemedy) {
  EXPECT_EQ(refusal("hostname = 3"), "x.toml:1: hostname must be a text in quotes");
  EXPECT_EQ(refusal("\n[queue]\ngive_up = \"1d\"\n"), "x.toml:3: unknown setting queue.give_up");
  EXPECT_EQ(refusal("[smtp]\nproceses = 2\n"), "x.toml:2: unknown setting smtp.proceses; did you mean smtp.processes?");
  EXPECT_EQ(refusal("[auth]\nplaintext = \"maybe\"\n"),
            "x.toml:2: auth.plaintext must be one of [\"never\", \"loopback\", \"always\"]");
  EXPECT_EQ(refusal("[queue]\nretry = [\"5 parsecs\"]"), "x.toml:2: queue.retry must be a list of times such as [\"5m\", \"1h\"]");
  EXPECT_EQ(refusal("[nonsense]\n"), "x.toml:1: unknown table [nonsense]");
  EXPECT_NE(refusal("hostname = \"a\nb\"").find("x.toml:1: "), std::string::npos);
  EXPECT_NE(refusal("[limits]\nmessage_size = \"-5\"").find("must be a size"), std::string::npos);
}

// What the queue may deliver once more is known to the store, whatever the operator says.
TEST(Config, WhatIsDeletedIsKeptLongerThanTheQueueLives) {
  EXPECT_EQ(Config::parse("", "x")->keep_expunged(), days(14));
  EXPECT_EQ(Config::parse("[store]\nundelete_days = 30", "x")->keep_expunged(), days(30));
  EXPECT_EQ(Config::parse("[store]\nundelete_days = 0", "x")->keep_expunged(), days(6));
  EXPECT_EQ(Config::parse("[store]\nundelete_days = 2\n[queue]\ngive_up_after = \"9d\"", "x")->keep_expunged(), days(10));
  EXPECT_NE(refusal("[store]\nundelete_days = 5000").find("at most 3650"), std::string::npos);
}

TEST(Config, AMessageLimitOfImapIsNoneOrAThousandAtLeast) {
  EXPECT_EQ(Config::parse("", "x")->imap_message_limit, 0u);
  EXPECT_EQ(Config::parse("[access]\nimap_message_limit = 0", "x")->imap_message_limit, 0u);
  EXPECT_EQ(Config::parse("[access]\nimap_message_limit = 1000", "x")->imap_message_limit, 1000u);
  EXPECT_EQ(refusal("[access]\nimap_message_limit = 999"),
            "x.toml: access.imap_message_limit must be at least 1000 (RFC 9738), or 0 for no limit: it is 999");
  EXPECT_NE(refusal("[access]\nimap_message_limit = -1000").find("x.toml:2: access.imap_message_limit must be a whole number"), std::string::npos);
}

TEST(Config, WhatItWritesItReads) {
  Config c = *Config::parse("", "x");
  c.hostname = "mail.example.test";
  c.listen_smtp = {"127.0.0.1:2025", "[::1]:2025"};
  c.retry = {seconds(30), hours(2), days(1)};
  c.lmtp = false;
  auto back = Config::parse(c.to_toml(), "x");
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->to_toml(), c.to_toml());
  EXPECT_EQ(back->listen_smtp, c.listen_smtp);
  EXPECT_EQ(back->retry, c.retry);
  EXPECT_FALSE(back->lmtp);
  EXPECT_EQ(back->to_json().string("hostname"), "mail.example.test");
}

TEST(Config, AMissingFileSaysHowToMakeAnInstance) {
  auto c = Config::load(Paths::of("/nonexistent"));
  ASSERT_FALSE(c);
  EXPECT_NE(c.error().what.find("jdctl --prefix /nonexistent init"), std::string::npos);
}

}  // namespace jd
