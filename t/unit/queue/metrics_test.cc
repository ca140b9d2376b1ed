// SPDX-License-Identifier: MIT
#include "lib/queue/metrics.h"

#include <gtest/gtest.h>

#include "lib/queue/metrics_text.h"

using namespace jd;
using namespace jd::queue;

TEST(Latencies, PartsAreWithinAQuarter) {
  Latencies l;
  EXPECT_EQ(l.part_ms(0.5), 0);
  for (int i = 1; i <= 10'000; i++) l.add(milliseconds(i));
  EXPECT_EQ(l.count(), 10'000u);
  for (double part : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    EXPECT_GE(l.part_ms(part), part * 10'000);
    EXPECT_LE(l.part_ms(part), part * 10'000 * 1.26);
  }
  EXPECT_EQ(l.within(0), 1u);
  EXPECT_EQ(l.within(3), 8u);
  EXPECT_EQ(l.within(10), 1024u);
  EXPECT_EQ(l.within(29), 10'000u);
  l.add(days(400));  // the last bucket, not behind it
  l.add(Span{-5});
  EXPECT_EQ(l.within(Latencies::octaves), 10'002u);
}

TEST(TopCounts, WhatIsFrequentStays) {
  TopCounts t(10);
  for (int i = 0; i < 1000; i++) {
    t.add("often");
    if (i % 2) t.add("half");
    t.add("once " + std::to_string(i));
  }
  auto top = t.top(2);
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0].first, "often");
  EXPECT_GE(top[0].second, 1000u);
  EXPECT_EQ(top[1].first, "half");
  EXPECT_EQ(t.top(100).size(), 10u);
}

TEST(Rates, ComeUpAndGoDown) {
  Rates r;
  uint64_t n = 0;
  Time t = from_seconds(1000);
  for (int i = 0; i < 600; i++, t = t + seconds(1)) r.tick(t, {n += 50, 0, 0, 0});
  EXPECT_NEAR(r.per_second(0), 50, 0.1);
  EXPECT_EQ(r.per_second(1), 0);
  for (int i = 0; i < 60; i++, t = t + seconds(1)) r.tick(t, {n, 0, 0, 0});
  EXPECT_NEAR(r.per_second(0), 50 / 2.718, 1);
}

TEST(PrometheusText, HasTypesAndEscapes) {
  auto text = prometheus_text({{"received", "5"}, {"bucket_ms", "1"}, {"bucket_count", "2"}, {"bucket_ms", "2048"}, {"bucket_count", "3"}, {"latency_count", "4"},
                               {"latency_sum_ms", "9500"}, {"deferral_code", "4.7.1"}, {"deferral_code_count", "7"}, {"deferral_to", "a\"b\n"}, {"deferral_to_count", "1"}});
  for (const char* line : {"# TYPE jdmail_messages_received_total counter\n", "\njdmail_messages_received_total 5\n", "jdmail_delivery_seconds_bucket{le=\"0.001\"} 2\n",
                           "jdmail_delivery_seconds_bucket{le=\"2.048\"} 3\n", "jdmail_delivery_seconds_bucket{le=\"+Inf\"} 4\n", "jdmail_delivery_seconds_sum 9.5\n",
                           "jdmail_deferrals_by_code{code=\"4.7.1\"} 7\n", "jdmail_deferrals_by_destination{destination=\"a\\\"b?\"} 1\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}
