// SPDX-License-Identifier: MIT
#include "lib/imap/mailbox_name.h"

#include <gtest/gtest.h>

namespace jd::imap {
namespace {

TEST(MailboxName, GoesToModifiedUtf7AndBack) {
  // The second is RFC 3501's own example.
  std::pair<std::string, std::string> both[] = {
      {"Entwürfe", "Entw&APw-rfe"}, {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
      {"a & b", "a &- b"}, {"\xF0\x9F\x98\x80", "&2D3eAA-"}, {"plain", "plain"}, {"", ""}};
  for (auto& [utf8, wire] : both) {
    EXPECT_EQ(to_utf7(utf8), wire);
    EXPECT_EQ(from_utf7(wire), utf8);
  }
  EXPECT_EQ(from_utf7("Entwürfe"), "Entwürfe");
}

TEST(MailboxName, RefusesWhatIsNoUtf7) {
  for (const char* bad : {"&", "&AP", "&A-", "&APx-", "&2D0-", "&3gA-", "&ü-", "\xFF", "a\tb", "&AAA-"})
    EXPECT_FALSE(from_utf7(bad)) << bad;
}

TEST(MailboxName, MatchesPatterns) {
  EXPECT_TRUE(matches("*", "a/b"));
  EXPECT_FALSE(matches("%", "a/b"));
  EXPECT_TRUE(matches("%/b", "a/b"));
  EXPECT_TRUE(matches("a*c", "a/b/c"));
  EXPECT_FALSE(matches("a%c", "a/b/c"));
  EXPECT_TRUE(matches("inbox", "INBOX"));
  EXPECT_TRUE(matches("InBox/x", "INBOX/x"));
  EXPECT_FALSE(matches("sent", "Sent"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  std::string stars;
  for (int i = 0; i < 400; ++i) stars += "*a";
  EXPECT_FALSE(matches(stars + "b", std::string(500, 'a')));
}

}  // namespace
}  // namespace jd::imap
