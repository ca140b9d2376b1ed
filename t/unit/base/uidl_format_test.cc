// SPDX-License-Identifier: MIT
#include "lib/base/uidl_format.h"

#include <gtest/gtest.h>

namespace jd {
namespace {

TEST(UidlFormat, IsAsTheServersBeforeHadIt) {
  EXPECT_EQ(uidl_text("%v.%u", 1234567890, 31), "1234567890.31");                // ours, Cyrus
  EXPECT_EQ(uidl_text("%08Xu%08Xv", 1234567890, 31), "0000001f499602d2");        // Dovecot
  EXPECT_EQ(uidl_text("%08Xv%08Xu", 1234567890, 31), "499602d20000001f");        // UW
  EXPECT_EQ(uidl_text("UID%u-%v", 1234567890, 31), "UID31-1234567890");          // Courier
  EXPECT_EQ(uidl_text("%u", 1, 4294967295), "4294967295");
  EXPECT_EQ(uidl_text("%04xu%%%3v", 1000, 255), "00ff%1000");
}

TEST(UidlFormat, RefusesWhatWouldBeNoUidl) {
  for (auto wrong : {"", "%v", "x", "%", "%u%", "%0", "%08X", "%f", "%u %v", "%u\n", "%11u", "%99999999999u", "%3u", "é%u"})
    EXPECT_EQ(uidl_text(wrong, 1, 1), std::nullopt) << wrong;
  EXPECT_TRUE(uidl_text("%u" + std::string(69, 'x'), 1, 1));
  EXPECT_FALSE(uidl_text("%u" + std::string(70, 'x'), 1, 1));
}

}  // namespace
}  // namespace jd
