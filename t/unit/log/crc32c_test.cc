// SPDX-License-Identifier: MIT
#include "lib/log/crc32c.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"

using namespace jd;
using namespace jd::journal;

TEST(Crc32c, KnownValues) {  // RFC 3720 appendix B.4
  EXPECT_EQ(crc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(0, std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(0, ""), 0u);
}

TEST(Crc32c, TableAndInstructionAgree) {
  std::string bytes = random_bytes(300);
  for (std::size_t at = 0; at < 9; at++)
    for (std::size_t n = 0; n < 200; n++) {
      auto piece = std::string_view(bytes).substr(at, n);
      ASSERT_EQ(crc32c(7, piece), crc32c_table(7, piece));
      ASSERT_EQ(crc32c(crc32c(7, piece.substr(0, n / 2)), piece.substr(n / 2)), crc32c(7, piece));
    }
}
