// SPDX-License-Identifier: MIT
// metrics.h: how fast mail goes and why it waits, in memory of a fixed size.
//
// Latencies  time from acceptance to delivery: buckets of a quarter of a power of two, from 1 ms to
//            12 days; adding one is a shift and an increment
// TopCounts  how often which word was said: exact while there are few words; then the rarest gives its
//            place and its count to a new one (space saving: what is frequent stays, counts are upper
//            bounds)
// Rates      events per second, over about a minute
// Since the program's start.  One thread; nothing blocks.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/time.h"

namespace jd::queue {

class Latencies {
 public:
  void add(Span s);
  uint64_t count() const { return count_; }
  uint64_t sum_ms() const { return sum_ms_; }
  // The time within which that part (0 to 1) was done, in ms; 0 when nothing was.
  double part_ms(double part) const;
  // How many took at most 2^n ms.
  uint64_t within(unsigned n) const;
  static constexpr unsigned octaves = 30;

 private:
  std::array<uint64_t, octaves * 4 + 1> buckets_{};
  uint64_t count_ = 0, sum_ms_ = 0;
};

class TopCounts {
 public:
  explicit TopCounts(std::size_t max) : max_(max) {}
  void add(std::string_view word);
  std::vector<std::pair<std::string, uint64_t>> top(std::size_t n) const;  // the most frequent first

 private:
  std::size_t max_;
  std::vector<std::pair<std::string, uint64_t>> words_;
};

class Rates {
 public:
  // Called about once per second with the totals.
  void tick(Time monotonic, const std::array<uint64_t, 4>& totals);
  double per_second(std::size_t which) const { return rates_[which]; }

 private:
  std::array<uint64_t, 4> last_{};
  std::array<double, 4> rates_{};
  Time at_;
};

struct Metrics {
  Latencies delivered;
  TopCounts deferral_codes{64}, deferral_destinations{128}, bounce_codes{64}, bounce_destinations{128};
  Rates rates;  // received, delivered, deferred, bounced
};

}  // namespace jd::queue
