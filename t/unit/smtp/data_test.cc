// SPDX-License-Identifier: MIT
// What comes after DATA is the same message however it is cut into pieces.
#include <gtest/gtest.h>

#include <random>

#include "lib/smtp/data.h"

using namespace jd::smtp;

namespace {
struct Outcome {
  std::size_t taken = 0;
  bool is_done = false, has_bare = false;
  uint64_t size = 0;
  std::string message;
  bool operator==(const Outcome&) const = default;
};

template <class Piece>
Outcome read(std::string_view in, uint64_t limit, Piece piece) {
  DataReader r(limit);
  Outcome o;
  while (o.taken < in.size() && !r.is_done()) {
    std::string part(in.substr(o.taken, piece()));  // of its own, so that no look beyond it goes unseen
    std::size_t n = r.feed(part);
    o.taken += n;
    if (n < part.size()) EXPECT_TRUE(r.is_done());
  }
  o.is_done = r.is_done(), o.has_bare = r.has_bare(), o.size = r.size(), o.message = r.message();
  return o;
}
}  // namespace

TEST(SmtpData, IsTheSameInAnyPieces) {
  std::mt19937 random(1);
  int done = 0, bare = 0;
  for (int i = 0; i < 20'000; i++) {
    std::string in;
    for (std::size_t n = random() % 40; in.size() < n;) {
      constexpr std::string_view parts[] = {"\r\n", "\r\n", "\r\n.", ".", "a", "bc", "\r", "\n", "\r\n.\r\n"};
      in += parts[random() % std::size(parts)];
    }
    uint64_t limit = i % 4 ? 1000 : random() % 20;
    Outcome bytes = read(in, limit, [] { return 1u; });
    EXPECT_EQ(read(in, limit, [] { return 1000u; }), bytes) << ::testing::PrintToString(in);
    EXPECT_EQ(read(in, limit, [&] { return 1 + random() % 5; }), bytes) << ::testing::PrintToString(in);
    done += bytes.is_done, bare += bytes.has_bare;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(done, 1000);
  EXPECT_GT(bare, 1000);
}

TEST(SmtpData, KeepsWhatStandsThere) {
  DataReader r(1000);
  std::string in = "..one\r\n.two\r\n\r\nthree..\r\n..\r\n.\r\nNEXT";
  EXPECT_EQ(r.feed(in), in.size() - 4);
  EXPECT_TRUE(r.is_done());
  EXPECT_EQ(r.message(), ".one\r\ntwo\r\n\r\nthree..\r\n.\r\n");
  EXPECT_FALSE(r.has_bare());
}
