// SPDX-License-Identifier: MIT
#include "lib/queue/retry_rules.h"

#include <gtest/gtest.h>

namespace jd::queue {
namespace {
const RetryPolicy usual{{minutes(5), hours(1)}, hours(4), days(5)};
}

TEST(RetryRules, TheNearestLineCounts) {
  auto r = RetryRules::parse(usual, "# who waits how\n\nExample.com  1m,2m  2d 30m  # ours\n.example.net 10m\n", "retry");
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->of("example.COM").waits, (std::vector<Span>{minutes(1), minutes(2)}));
  EXPECT_EQ(r->of("example.com").give_up_after, days(2));
  EXPECT_EQ(r->of("example.com").warn_after, minutes(30));
  EXPECT_EQ(r->of("a.b.example.net").waits, std::vector<Span>{minutes(10)});
  EXPECT_EQ(r->of("a.b.example.net").give_up_after, days(5));
  for (auto other : {"example.net", "badexample.com", "sub.example.com", ""}) EXPECT_EQ(r->of(other).waits, usual.waits) << other;
}

TEST(RetryRules, WhatIsWrongIsTold) {
  struct { const char* text; const char* why; } bad[] = {
      {"a.example\n", "retry:1: a line is: domain waits"},
      {"\na.example 5x\n", "retry:2: '5x' is no time"},
      {"a.example 5m,,6m\n", "'' is no time"},
      {"a.example 0s\n", "'0s' is no time"},
      {"a.example 5m 2d 1h more\n", "a line is"},
      {"a.example 5m\nA.example 6m\n", "retry:2: a second line for A.example"},
  };
  for (auto& b : bad) {
    auto r = RetryRules::parse(usual, b.text, "retry");
    ASSERT_FALSE(r) << b.text;
    EXPECT_NE(r.error().what.find(b.why), std::string::npos) << r.error().what;
  }
  EXPECT_TRUE(RetryRules::load(usual, "/nonexistent/retry"));
}

}  // namespace jd::queue
