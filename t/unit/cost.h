// SPDX-License-Identifier: MIT
// cost.h: what hostile input may cost: eight times the bytes, about eight times the work.  Measured in
// CPU time of this thread, with room to spare: linear is 8, quadratic 64, the limit between them.
#pragma once
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/heap.h"

namespace jd::cost {

constexpr std::size_t small = 16 << 10, large = 8 * small;  // bytes of input
constexpr int64_t floor_ns = 100'000;                       // below it pages touched for the first time count more

inline std::string repeat(std::string_view s, std::size_t bytes) {
  std::string r;
  while (r.size() < bytes) r += s;
  return r;
}

inline int64_t cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// The least of several runs: what else the machine does only adds.
template <class F>
int64_t of(const F& work, const std::string& input) {
  int64_t best = INT64_MAX;
  for (int i = 0; i < 5; i++) {
    int64_t from = cpu_ns();
    work(input);
    best = std::min(best, cpu_ns() - from);
  }
  return best;
}

// make(bytes) gives an input of about so many bytes.
template <class F, class M>
void expect_linear_in(const std::string& what, const F& work, const M& make) {
  heap::keep_freed();  // pages that come and go with each run would be most of the large one's cost
  std::string a = make(small), b = make(large);
  work(b);  // tables and buffers of the first use
  // A busy neighbour on the same core can make the large one dearer for a while; a bad algorithm is so each time.
  int64_t least = INT64_MAX, limit = 0;
  for (int i = 0; i < 20 && least >= limit; i++) {
    least = std::min(least, of(work, b));
    limit = std::max(limit, 32 * std::max(of(work, a), floor_ns));
  }
  EXPECT_LT(least, limit) << what;
}

// The unit again and again behind the head.
template <class F>
void expect_linear(const std::string& what, const F& work, std::string_view head, std::string_view unit) {
  expect_linear_in(what + ": " + std::string(head) + std::string(unit), work,
                   [&](std::size_t bytes) { return std::string(head) + repeat(unit, bytes); });
}

}  // namespace jd::cost
