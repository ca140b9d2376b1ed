// SPDX-License-Identifier: MIT
#include "lib/dns/cache.h"

#include <algorithm>

namespace jd::dns {
namespace {
std::string key_of(const std::string& name, Type type) { return fmt::format("{} {}", static_cast<int>(type), name); }

std::size_t bytes_of(const std::string& key, const Answer& a) {
  std::size_t n = 200 + 2 * key.size() + a.canonical.size();
  for (auto& r : a.records) n += sizeof r + r.data.size();
  return n;
}
}  // namespace

const Answer* AnswerCache::find(const std::string& name, Type type) {
  auto i = kept_.find(key_of(name, type));
  if (i == kept_.end()) return nullptr;
  if (monotonic() < i->second.until) return &i->second.answer;
  bytes_ -= bytes_of(i->first, i->second.answer);
  kept_.erase(i);
  return nullptr;
}

void AnswerCache::keep(const std::string& name, Type type, const Answer& a, int ttl) {
  if (a.outcome == Outcome::failed || ttl <= 0 || find(name, type)) return;
  std::string key = key_of(name, type);
  std::size_t bytes = bytes_of(key, a);
  if (bytes > max_bytes / 16) return;
  if (kept_.size() >= max_answers || bytes_ + bytes > max_bytes) {
    kept_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  kept_[std::move(key)] = {a, monotonic() + std::min(seconds(ttl), max_time)};
}

}  // namespace jd::dns
