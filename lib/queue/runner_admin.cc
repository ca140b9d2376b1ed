// SPDX-License-Identifier: MIT
// What the operator asks and orders, while everything runs; about many messages: operation.cc.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {
namespace {
constexpr std::size_t header_shown = 32 << 10;
}

Runner::Job* Runner::active_job(const std::string& id) {
  auto it = active_ids_.find(id);
  return it == active_ids_.end() ? nullptr : jobs_.at(it->second).get();
}

Runner::Details Runner::details_of(const Message& m, const Progress& p, std::string_view state, Time due) {
  Details d{item_of(state, m, p, due), m.envelope, p, "", m};
  // What cannot be read is shown as far as it is known.
  if (auto start = m.read(0, header_shown)) d.header = start->substr(0, std::min(mime::header_size(*start), start->size()));
  return d;
}

// What is with an agent ends first.
void Runner::remove_active(Job& job) {
  job.want_removal = true;
  for (std::size_t i = 0; i < job.targets.size(); i++)
    if (job.targets[i].state == Target::State::waiting)
      settle(job, i, {0, Fate::temp, "", "", "removed by the operator", false});
}

void Runner::set_limit(const std::string& destination, unsigned max) {
  if (destination.empty()) scheduler_.set_max(max);
  else scheduler_.set_max(lower(destination), max);
}

Runner::Stats Runner::stats() const {
  Stats s = stats_;
  s.active = jobs_.size();
  s.due = due_.size() + flush_files_.size() + new_files_.size() + retry_files_.size();
  s.local = local_active_;
  s.remote = scheduler_.active();
  s.waiting = local_waiting_.size() + scheduler_.waiting();
  s.segments = segments_.size();
  s.moving = moving_.size();
  s.is_draining = draining_;
  return s;
}

}  // namespace jd::queue
