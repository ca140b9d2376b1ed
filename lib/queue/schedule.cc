// SPDX-License-Identifier: MIT
#include "lib/queue/schedule.h"

#include <string.h>

#include <algorithm>

namespace jd::queue {
namespace {
const std::vector<Span> default_waits = {minutes(5), minutes(10), minutes(20), minutes(40),
                                         hours(1),   hours(2),    hours(4)};
}

Time RetryPolicy::next(Time received, uint32_t attempts, Time now, uint64_t random) const {
  const auto& w = waits.empty() ? default_waits : waits;
  std::size_t i = std::min<std::size_t>(attempts ? attempts - 1 : 0, w.size() - 1);
  int64_t spread = std::max<int64_t>(w[i].ns / 10, 1);
  Time due = now + w[i] + Span{static_cast<int64_t>(random % static_cast<uint64_t>(spread))};
  Time last = received + give_up_after;
  return due > last && now < last ? last : due;
}

void DueHeap::add(int64_t due, std::string_view id) {
  Entry e{static_cast<uint32_t>(due), {}};
  memcpy(e.id.data(), id.data(), std::min(id.size(), e.id.size()));
  heap_.push_back(e);
  std::push_heap(heap_.begin(), heap_.end());
}

std::optional<DueHeap::Entry> DueHeap::pop(Time now) {
  if (heap_.empty() || heap_.front().due > now.seconds()) return {};
  std::pop_heap(heap_.begin(), heap_.end());
  Entry e = heap_.back();
  heap_.pop_back();
  return e;
}

std::optional<int64_t> DueHeap::next_due() const {
  if (heap_.empty()) return {};
  return heap_.front().due;
}

unsigned Scheduler::max_of(const std::string& destination) const {
  auto it = terms_.find(destination);
  return it == terms_.end() || !it->second.max ? limits_.max : it->second.max;
}

bool Scheduler::is_frozen(const std::string& destination) const {
  auto it = terms_.find(destination);
  return it != terms_.end() && it->second.frozen;
}

void Scheduler::make_ready(Destination& d) {
  unsigned window = std::min(static_cast<unsigned>(d.window), max_of(d.name));
  if (d.ready || d.jobs.empty() || d.active >= std::max(window, 1u)) return;
  d.ready = true;
  ready_.push_back(d.name);
}

bool Scheduler::add(const std::string& name, Job job, Time now) {
  auto [it, is_new] = destinations_.try_emplace(name);
  Destination& d = it->second;
  if (is_new) {
    d.name = name;
    d.window = limits_.initial;
  }
  if (d.dead_until > now || d.jobs.size() >= limits_.max_waiting || (!terms_.empty() && is_frozen(name))) return false;
  d.jobs.push_back(job);
  waiting_++;
  make_ready(d);
  return true;
}

void Scheduler::wake_slowed(Time now) {
  std::erase_if(slowed_, [&](auto& s) {
    if (s.first > now) return false;
    ready_.push_back(std::move(s.second));
    return true;
  });
}

// A rate lets jobs begin evenly; two seconds of it may be saved, for ticks are not exact.
bool Scheduler::may_begin(Destination& d, Time now) {
  auto it = terms_.find(d.name);
  if (it == terms_.end() || !it->second.per_minute) return true;
  double per_second = it->second.per_minute / 60.0;
  double most = std::max(1.0, per_second * 2);
  if (d.counted.ns) d.allowed += double((now - d.counted).ns) / 1e9 * per_second;
  d.allowed = std::min(d.allowed, most);
  d.counted = now;
  if (d.allowed >= 1) {
    d.allowed -= 1;
    return true;
  }
  slowed_.emplace_back(now + Span{static_cast<int64_t>((1 - d.allowed) / per_second * 1e9) + 1}, d.name);
  return false;
}

std::optional<Scheduler::Start> Scheduler::next(Time now) {
  if (!slowed_.empty()) wake_slowed(now);
  while (!ready_.empty()) {
    std::string name = std::move(ready_.front());
    ready_.pop_front();
    auto it = destinations_.find(name);
    if (it == destinations_.end()) continue;
    Destination& d = it->second;
    d.ready = false;
    unsigned window = std::min(static_cast<unsigned>(d.window), max_of(name));
    if (d.jobs.empty() || d.active >= std::max(window, 1u)) continue;
    if (!terms_.empty() && !may_begin(d, now)) {
      d.ready = true;
      continue;
    }
    Job job = d.jobs.front();
    d.jobs.pop_front();
    d.active++;
    active_++;
    waiting_--;
    make_ready(d);  // at the end of the line: destinations take turns
    return Start{std::move(name), job};
  }
  return {};
}

std::vector<Scheduler::Job> Scheduler::finished(const std::string& name, Outcome o, Time now) {
  auto it = destinations_.find(name);
  if (it == destinations_.end()) return {};
  Destination& d = it->second;
  if (d.active) d.active--, active_--;
  std::vector<Job> back;
  if (o == Outcome::success) {
    d.failures = 0;
    d.dead_until = {};
    d.window = std::min(d.window + 1 / std::max(d.window, 1.0), double(max_of(name)));
  } else if (o == Outcome::failure) {
    d.window = std::max(d.window / 2, 1.0);
    if (++d.failures >= limits_.dead_after) {
      d.dead_until = now + limits_.dead_for;
      d.failures = limits_.dead_after - 1;  // when it is back, one failure is enough
      d.window = 1;
      back.assign(d.jobs.begin(), d.jobs.end());
      waiting_ -= d.jobs.size();
      d.jobs.clear();
    }
  }
  make_ready(d);
  return back;
}

void Scheduler::sweep(Time now) {
  std::erase_if(destinations_, [&](auto& n) {
    auto& d = n.second;
    return !d.active && d.jobs.empty() && d.dead_until + limits_.dead_for <= now;
  });
}

std::vector<Scheduler::Job> Scheduler::take_waiting() {
  std::vector<Job> r;
  for (auto& [n, d] : destinations_) {
    r.insert(r.end(), d.jobs.begin(), d.jobs.end());
    d.jobs.clear();
  }
  waiting_ = 0;
  return r;
}

void Scheduler::set_max(unsigned max) {
  limits_.max = std::max(max, 1u);
  for (auto& [n, d] : destinations_) make_ready(d);
}

std::vector<Scheduler::Job> Scheduler::set_terms(const std::string& name, const Terms& terms) {
  if (terms.is_plain()) terms_.erase(name);
  else terms_[name] = terms;
  std::vector<Job> back;
  auto it = destinations_.find(name);
  if (it == destinations_.end()) return back;
  Destination& d = it->second;
  if (terms.frozen) {
    back.assign(d.jobs.begin(), d.jobs.end());
    waiting_ -= d.jobs.size();
    d.jobs.clear();
  }
  for (auto& s : slowed_)  // at another rate from now on
    if (s.second == name) s.first = {};
  make_ready(d);
  return back;
}

bool Scheduler::is_dead(const std::string& name, Time now) const {
  auto it = destinations_.find(name);
  return it != destinations_.end() && it->second.dead_until > now;
}

void Scheduler::revive() {
  for (auto it = destinations_.begin(); it != destinations_.end();) {
    it->second.dead_until = {};
    it->second.failures = 0;
    if (!it->second.active && it->second.jobs.empty()) it = destinations_.erase(it);
    else ++it;
  }
}

std::vector<Scheduler::View> Scheduler::view(Time now) const {
  std::vector<View> r;
  for (auto& [n, d] : destinations_)
    r.push_back({n, d.active, static_cast<unsigned>(d.window), max_of(n), d.jobs.size(), d.dead_until > now, false, 0});
  for (auto& [n, t] : terms_)
    if (!destinations_.count(n)) r.push_back({n, 0, limits_.initial, max_of(n), 0, false, false, 0});
  for (auto& v : r)
    if (auto it = terms_.find(v.name); it != terms_.end()) v.frozen = it->second.frozen, v.per_minute = it->second.per_minute;
  std::sort(r.begin(), r.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return r;
}

}  // namespace jd::queue
