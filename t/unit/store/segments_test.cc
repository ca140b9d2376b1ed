// SPDX-License-Identifier: MIT
#include "lib/store/segments.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/store/account.h"
#include "lib/store/format.h"
#include "t/unit/store/scratch.h"

using namespace jd;

// A mailbox that outgrows its segment goes on in the next one, whoever opens it.
TEST(Segments, AFullOneIsFollowedByTheNext) {
  store::Scratch scratch;
  std::string body = "Subject: x\r\n\r\n" + std::string(120 << 10, 'x');
  std::size_t needed = store::segment_bytes / body.size() + 2;
  auto account = store::Account::open(scratch.path + "/a", true);
  ASSERT_TRUE(account);
  for (std::size_t i = 0; i < needed; i++) {
    store::Account::Delivery d;
    d.bytes = body;
    d.id = fmt::format("q{} a@b", i);
    auto r = (*account)->deliver(d);
    ASSERT_TRUE(r) << i << ": " << r.error().what;
    if (i == needed - 2) {  // another process finds it full
      account->reset();
      account = store::Account::open(scratch.path + "/a", false);
      ASSERT_TRUE(account);
    }
  }
  auto names = file::list(AT_FDCWD, scratch.path + "/a/seg");
  ASSERT_TRUE(names);
  EXPECT_EQ(names->size(), 2u);
  EXPECT_EQ((*account)->usage()->messages, needed);
}
