// SPDX-License-Identifier: MIT
#include "lib/store/uid_set.h"

#include <fmt/core.h>

#include <algorithm>

#include "lib/store/format.h"

namespace jd::store {

void UidSet::add(uint32_t first, uint32_t last) {
  if (ranges_.empty() || first > ranges_.back().last) {
    if (!ranges_.empty() && ranges_.back().last + 1 == first) ranges_.back().last = last;
    else ranges_.push_back({first, last});
    return;
  }
  auto from = std::lower_bound(ranges_.begin(), ranges_.end(), first, [](const UidRange& r, uint32_t v) {
    return static_cast<uint64_t>(r.last) + 1 < v;
  });
  auto to = from;
  while (to != ranges_.end() && to->first <= static_cast<uint64_t>(last) + 1) {
    first = std::min(first, to->first);
    last = std::max(last, to->last);
    ++to;
  }
  from = ranges_.erase(from, to);
  ranges_.insert(from, {first, last});
}

bool UidSet::contains(uint32_t uid) const {
  auto i = std::lower_bound(ranges_.begin(), ranges_.end(), uid,
                            [](const UidRange& r, uint32_t v) { return r.last < v; });
  return i != ranges_.end() && i->first <= uid;
}

uint64_t UidSet::size() const {
  uint64_t n = 0;
  for (auto& r : ranges_) n += uint64_t{r.last} - r.first + 1;
  return n;
}

std::string UidSet::text() const {
  std::string s;
  for (auto& r : ranges_) {
    if (!s.empty()) s += ',';
    s += r.first == r.last ? fmt::format("{}", r.first) : fmt::format("{}:{}", r.first, r.last);
  }
  return s;
}

void UidSet::encode(std::string& out) const {
  put(out, static_cast<uint32_t>(ranges_.size()));
  for (auto& r : ranges_) {
    put(out, r.first);
    put(out, r.last);
  }
}

std::optional<UidSet> UidSet::decode(std::string_view& in) {
  uint32_t n;
  if (!take(in, n) || n > in.size() / 8) return std::nullopt;
  UidSet s;
  while (n-- > 0) {
    UidRange r;
    if (!take(in, r.first) || !take(in, r.last) || r.first > r.last || r.first == 0) return std::nullopt;
    s.add(r.first, r.last);
  }
  return s;
}

}  // namespace jd::store
