// SPDX-License-Identifier: MIT
#include "lib/queue/metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace jd::queue {
namespace {
constexpr double memory_seconds = 60;

// Four buckets per power of two; 0: up to 1 ms.  Their upper ends: 2^(n/4) ms, nearly.
std::size_t bucket_of(uint64_t ms, std::size_t last) {
  if (ms <= 1) return 0;
  auto octave = static_cast<unsigned>(std::bit_width(ms - 1)) - 1;  // 2^octave < ms <= 2^(octave + 1)
  uint64_t base = 1ull << octave, step = std::max<uint64_t>(base / 4, 1);
  return std::min<std::size_t>(octave * 4 + std::min<uint64_t>((ms - base + step - 1) / step, 4), last);
}
double upper_end(std::size_t bucket) {
  if (bucket == 0) return 1;
  double base = std::exp2(double((bucket - 1) / 4));
  return base + base / 4 * double((bucket - 1) % 4 + 1);
}
}  // namespace

void Latencies::add(Span s) {
  auto ms = static_cast<uint64_t>(std::max<int64_t>(s.ns, 0) / 1'000'000);
  buckets_[bucket_of(ms, buckets_.size() - 1)]++;
  count_++;
  sum_ms_ += ms;
}

double Latencies::part_ms(double part) const {
  if (!count_) return 0;
  auto wanted = static_cast<uint64_t>(std::ceil(part * double(count_)));
  uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); i++) {
    seen += buckets_[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) return upper_end(i);
  }
  return upper_end(buckets_.size() - 1);
}

uint64_t Latencies::within(unsigned n) const {
  uint64_t r = 0;
  for (std::size_t i = 0; i <= std::min<std::size_t>(n * 4, buckets_.size() - 1); i++) r += buckets_[i];
  return r;
}

void TopCounts::add(std::string_view word) {
  if (word.empty()) word = "none";
  word = word.substr(0, 255);
  for (auto& w : words_)
    if (w.first == word) {
      w.second++;
      return;
    }
  if (words_.size() < max_) {
    words_.emplace_back(word, 1);
    return;
  }
  auto rarest = std::min_element(words_.begin(), words_.end(), [](auto& a, auto& b) { return a.second < b.second; });
  rarest->first = word;
  rarest->second++;
}

std::vector<std::pair<std::string, uint64_t>> TopCounts::top(std::size_t n) const {
  auto r = words_;
  std::sort(r.begin(), r.end(), [](auto& a, auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (r.size() > n) r.resize(n);
  return r;
}

void Rates::tick(Time now, const std::array<uint64_t, 4>& totals) {
  double passed = double((now - at_).ns) / 1e9;
  if (at_.ns && passed > 0) {
    double weight = 1 - std::exp(-passed / memory_seconds);
    for (std::size_t i = 0; i < totals.size(); i++) rates_[i] += (double(totals[i] - last_[i]) / passed - rates_[i]) * weight;
  }
  last_ = totals;
  at_ = now;
}

}  // namespace jd::queue
