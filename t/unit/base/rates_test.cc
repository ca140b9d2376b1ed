// SPDX-License-Identifier: MIT
#include "lib/base/rates.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace jd {
namespace {
struct RatesTest : testing::Test {
  RatesTest() : fd(std::move(*Rates::create())), rates(std::move(*Rates::open(fd.get()))) { set_clock(&clock); }
  ~RatesTest() override { set_clock(nullptr); }
  int taken(const char* who, int tries, Rate rate) {
    int n = 0;
    for (int i = 0; i < tries; i++) n += rates.take("mail", who, rate);
    return n;
  }
  ManualClock clock;
  Fd fd;
  Rates rates;
};

TEST_F(RatesTest, ABucketEmptiesAndFillsUpEvenly) {
  Rate ten{10, minutes(1)};
  EXPECT_EQ(taken("a", 100, ten), 10);
  clock.advance(seconds(5));
  EXPECT_EQ(taken("a", 100, ten), 0);
  clock.advance(seconds(1));
  EXPECT_EQ(taken("a", 100, ten), 1);
  clock.advance(seconds(30));
  EXPECT_EQ(taken("a", 100, ten), 5);
  clock.advance(hours(5));
  EXPECT_EQ(taken("a", 100, ten), 10) << "no more than one period is saved up";
}

TEST_F(RatesTest, EachHasHisOwn) {
  Rate one{1, minutes(1)};
  EXPECT_TRUE(rates.take("mail", "a", one));
  EXPECT_TRUE(rates.take("mail", "b", one));
  EXPECT_TRUE(rates.take("rcpt", "a", one));
  EXPECT_FALSE(rates.take("mail", "a", one));
  EXPECT_FALSE(rates.has("mail", "a", one));
  EXPECT_TRUE(rates.has("mail", "c", one));
  for (int i = 0; i < 1000; i++) EXPECT_TRUE(rates.take("mail", "a", Rate{}));
}

TEST_F(RatesTest, LargeAmounts) {
  Rate day{10ull << 30, days(1)};
  EXPECT_TRUE(rates.take("bytes", "a", day, 10ull << 30));
  EXPECT_FALSE(rates.take("bytes", "a", day, 1 << 20));
  EXPECT_FALSE(rates.take("bytes", "b", day, (10ull << 30) + (1 << 20)));
  EXPECT_FALSE(rates.take("bytes", "b", day, UINT64_MAX));
  // What came in all the same is charged, and is over in two periods.
  rates.charge("bytes", "c", day, UINT64_MAX);
  clock.advance(hours(23));
  EXPECT_FALSE(rates.has("bytes", "c", day));
  clock.advance(hours(26));
  EXPECT_TRUE(rates.has("bytes", "c", day));
}

TEST_F(RatesTest, ProcessesCountTogether) {
  Rate ten{10, minutes(1)};
  EXPECT_EQ(taken("a", 4, ten), 4);
  pid_t child = ::fork();
  if (child == 0) {
    auto mine = Rates::open(fd.get());
    bool good = mine && mine->take("mail", "a", ten, 5) && !mine->take("mail", "a", ten, 2);
    ::_exit(good ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(taken("a", 100, ten), 1);
}

// A flood of strangers fills the table: it goes on to work, and mistakes are in favour of who asks.
TEST_F(RatesTest, MoreThanThereIsRoomFor) {
  Rate two{2, minutes(1)};
  for (int i = 0; i < 300'000; i++) {
    std::string who = std::to_string(i);
    ASSERT_TRUE(rates.take("mail", who, two));
    ASSERT_TRUE(rates.take("mail", who, two));
    ASSERT_FALSE(rates.take("mail", who, two));
  }
}
}  // namespace
}  // namespace jd
