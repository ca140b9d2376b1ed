// SPDX-License-Identifier: MIT
#include "lib/imap/message_url.h"

#include <gtest/gtest.h>

namespace jd::imap {
namespace {

TEST(MessageUrl, NamesAMessageOrAPartOfIt) {
  auto u = parse_message_url("/Sent%20mail/2026;UIDVALIDITY=77/;UID=20/;SECTION=1.2.MIME/;PARTIAL=10.5");
  ASSERT_TRUE(u);
  EXPECT_EQ(u->mailbox, "Sent mail/2026");
  EXPECT_EQ(u->uid_validity, 77u);
  EXPECT_EQ(u->uid, 20u);
  EXPECT_EQ(u->section, "1.2.MIME");
  EXPECT_EQ(*u->partial, (std::pair<uint64_t, uint64_t>(10, 5)));
  u = parse_message_url("/INBOX/;uid=1/;section=HEADER.FIELDS.NOT%20(Subject)");
  ASSERT_TRUE(u);
  EXPECT_EQ(u->section, "HEADER");
  EXPECT_TRUE(u->all_but);
  EXPECT_EQ(u->fields, std::vector<std::string>{"Subject"});
  EXPECT_EQ(parse_message_url("/INBOX/;UID=1/;PARTIAL=3")->partial->second, UINT64_MAX);
}

TEST(MessageUrl, IsNothingElse) {
  for (const char* bad : {"", "/", "/INBOX", "/INBOX/;UID=0", "/INBOX/;UID=x", "INBOX/;UID=1", "imap://h/INBOX/;UID=1", "/IN%BOX/;UID=1",
                          "/INBOX;UIDVALIDITY=0/;UID=1", "/%FF/;UID=1", "/a%00b/;UID=1", "/INBOX/;UID=1/;SECTION=MIME",
                          "/INBOX/;UID=1/;PARTIAL=1.0", "/INBOX/;SECTION=1/;UID=1", "/INBOX/;UID=1/;UID=1", "/INBOX/;UID=1;URLAUTH=anonymous",
                          "/INBOX/;UID=1/;SECTION=1] BODY[2", "/;UID=1"})
    EXPECT_FALSE(parse_message_url(bad)) << bad;
}

}  // namespace
}  // namespace jd::imap
