// SPDX-License-Identifier: MIT
// What the operator asks and orders, while everything runs; about many messages: operation.cc.
#include <algorithm>

#include "lib/base/log.h"
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
  Details d{item_of(state, m, p, due), m.envelope, p, "", m, {}};
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

Terms Runner::terms_of(const std::string& destination) const {
  auto it = terms_.find(lower(destination));
  return it == terms_.end() ? Terms() : it->second;
}

void Runner::load_operator_terms() {
  auto all = load_terms(store_.root());
  if (!all) return log::failure("destinations_unreadable", all.error(), {{"todo", "limits and frozen destinations are not in force: mend or remove queue/destinations and restart qrun"}});
  terms_ = std::move(*all);
  for (auto& [name, t] : terms_) apply_terms(name, t);
}

Status Runner::set_terms(const std::string& destination, const Terms& terms) {
  std::string name = lower(destination);
  if (name.empty() || name.size() > 255 || std::any_of(name.begin(), name.end(), is_ctl))
    return fail(Fault::usage, "{} is no destination", escape(destination));
  AllTerms all = terms_;
  if (terms.is_plain()) all.erase(name);
  else all[name] = terms;
  if (all.size() > max_terms) return fail(Fault::usage, "more than {} destinations have terms of their own", max_terms);
  CHECK(save_terms(store_.root(), all));
  terms_ = std::move(all);
  log::info("destination_terms", {{"destination", name}, {"frozen", terms.frozen}, {"max", terms.max}, {"rate", terms.per_minute}});
  apply_terms(name, terms);
  return {};
}

void Runner::apply_terms(const std::string& name, const Terms& terms) {
  if (name == "*") return scheduler_.set_max(terms.max ? terms.max : config_.limits.max);
  auto back = scheduler_.set_terms(name, terms);
  if (terms.frozen)  // those on another way to the domain, too
    for (auto& [id, g] : groups_)
      if (!g->is_sent && g->domain == name && g->destination != name) back.push_back(id);
  for (auto id : back) set_aside(id, frozen_text, true);
}

// A group that cannot wait in the scheduler: deferred without an attempt.
void Runner::set_aside(uint64_t id, const std::string& why, bool is_frozen) {
  auto g = groups_.find(id);
  if (g == groups_.end()) return;
  if (auto job = jobs_.find(g->second->job); job != jobs_.end())
    for (auto i : g->second->targets) {
      job->second->targets[i].is_untried = true;
      job->second->targets[i].is_frozen = is_frozen;
    }
  settle_group(id, {0, Fate::temp, "4.3.2", "", why, false});
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
