// SPDX-License-Identifier: MIT
#include "lib/imap/object_id.h"

#include <gtest/gtest.h>

namespace jd::imap {
namespace {

TEST(ObjectId, OneConversationHasOneId) {
  EXPECT_EQ(email_id(0x1234), "M0000000000001234");
  auto root = thread_id("", "", "a@x");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->size(), 17u);
  EXPECT_EQ(thread_id("", "a@x", "b@x"), root);
  EXPECT_EQ(thread_id("a@x", "b@x", "c@x"), root);
  EXPECT_NE(thread_id("", "", "b@x"), root);
  EXPECT_FALSE(thread_id("", "", ""));
}

}  // namespace
}  // namespace jd::imap
