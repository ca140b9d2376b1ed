// SPDX-License-Identifier: MIT
#include "lib/log/record.h"

#include <gtest/gtest.h>

using namespace jd::journal;

TEST(Record, HeaderRoundTripAndEveryFlippedByte) {
  std::string b = encode(SegmentHeader{3, 7, 123456789, 0xabcdef});
  ASSERT_EQ(b.size(), header_bytes);
  auto h = decode_header(b);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->kind, 3u);
  EXPECT_EQ(h->number, 7u);
  EXPECT_EQ(h->created_ns, 123456789u);
  EXPECT_EQ(h->generation, 0xabcdefu);
  for (std::size_t i = 0; i < b.size(); i++) {
    std::string bad = b;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_FALSE(decode_header(bad)) << i;
    EXPECT_FALSE(decode_header(std::string_view(b).substr(0, i)));
  }
}

TEST(Record, RoundTripAtEachLength) {
  Framing f(99);
  for (std::size_t n = 0; n < 40; n++) {
    std::string payload(n, 'x'), out;
    f.encode(out, 4, 5, 6, {std::string_view(payload).substr(0, n / 3),
                            std::string_view(payload).substr(n / 3)});
    ASSERT_EQ(out.size(), record_bytes(n));
    ASSERT_EQ(out.size() % 8, 0u);
    auto h = f.head(out);
    ASSERT_TRUE(h);
    EXPECT_EQ(h->length, n);
    EXPECT_EQ(h->type, 4);
    EXPECT_EQ(h->flags, 5);
    EXPECT_EQ(h->stamp, 6u);
    EXPECT_TRUE(f.is_good(*h, out));
  }
}

TEST(Record, EveryFlippedByteIsSeen) {
  Framing f(99);
  std::string out;
  f.encode(out, 4, 5, 6, {"payload!"});
  for (std::size_t i = 0; i < head_bytes + 8; i++) {
    std::string bad = out;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    auto h = f.head(bad);
    EXPECT_FALSE(h && f.is_good(*h, bad)) << i;
  }
}

TEST(Record, AnotherGenerationIsNoRecord) {
  std::string out;
  Framing(1).encode(out, 1, 0, 0, {"old"});
  EXPECT_FALSE(Framing(2).head(out));
}
