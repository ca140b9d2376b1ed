// SPDX-License-Identifier: MIT
// Recipients at other hosts: they go out in groups, one transaction each.
#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {

// What an alias sends on to another host gets a reverse path of ours; true: the answer is awaited.
bool Runner::ask_forward(Job& job) {
  const Envelope& e = job.message.envelope;
  if (!config_.srs || job.forward_from || e.is_bounce()) return false;
  auto t = std::find_if(job.targets.begin(), job.targets.end(), [](auto& x) {
    return !x.is_local && x.depth > 0 && x.state == Target::State::waiting;
  });
  if (t == job.targets.end()) return false;
  auto& r = job.recipient(*t);
  std::string from = e.reverse_path, by = r.first.empty() ? r.address : r.first;
  job.resolving++;
  resolving_++;
  outside_.forward(job.token(static_cast<std::size_t>(t - job.targets.begin())), from, by);
  return true;
}

void Runner::forwarded(uint64_t token, Result<std::string> path) {
  Job* job = nullptr;
  if (!target_of(token, &job) || !job->resolving || job->forward_from) return;
  job->resolving--;
  resolving_--;
  if (!path) log::failure("forwarded_as_it_is", path.error(), {{"qid", job->message.id}});
  job->forward_from = path ? std::move(*path) : job->message.envelope.reverse_path;
  group_remote(*job);
}

// All addresses are known: remote ones go together by domain, or by route where that names the hosts.
void Runner::group_remote(Job& job) {
  if (ask_forward(job)) return;
  struct Way { std::string domain, route; std::vector<std::size_t> targets; };
  std::map<std::pair<std::string, bool>, Way> ways;  // by destination
  const Envelope& e = job.message.envelope;
  for (std::size_t i = 0; i < job.targets.size(); i++) {
    Target& t = job.targets[i];
    if (t.is_local || t.state != Target::State::waiting) continue;
    std::string domain = lower(domain_of(t.address));
    const Route* r = config_.routes.is_empty() ? nullptr : config_.routes.of(domain, e.reverse_path, e.user);
    // One limit for a system behind us; one per domain and source where the DNS finds the hosts.
    std::string destination = !r ? domain : r->has_hosts() ? r->name : domain + " via " + r->name;
    if (!terms_.empty() && scheduler_.is_frozen(domain)) r = nullptr, destination = domain;  // by whatever way
    Way& w = ways[{destination, t.depth > 0}];
    if (w.targets.empty()) w.domain = r && r->has_hosts() ? r->name : domain, w.route = r ? r->name : "";
    w.targets.push_back(i);
  }
  std::size_t most = e.verp ? 1 : max_group;
  for (auto& [key, way] : ways)
    for (std::size_t at = 0; at < way.targets.size(); at += most) {
      auto g = std::make_unique<Group>();
      g->job = job.number;
      g->domain = way.domain;
      g->destination = key.first;
      g->is_forwarded = key.second;
      g->route = way.route;
      g->targets.assign(way.targets.begin() + static_cast<long>(at),
                        way.targets.begin() + static_cast<long>(std::min(at + most, way.targets.size())));
      for (auto i : g->targets) job.targets[i].state = Target::State::sent;
      uint64_t id = next_group_++;
      groups_[id] = std::move(g);
      enqueue_group(id);
    }
}

void Runner::enqueue_group(uint64_t id) {
  Group& g = *groups_.at(id);
  if (scheduler_.add(g.destination, id, now())) return;
  if (scheduler_.is_dead(g.destination, now()))
    return settle_group(id, {0, Fate::temp, "4.4.1", "", "the destination did not answer lately", false});
  bool is_frozen = scheduler_.is_frozen(g.destination);
  set_aside(id, is_frozen ? frozen_text : "much waits for the destination; tried soon", is_frozen);
}

void Runner::settle_group(uint64_t id, const RcptResult& r) {
  auto it = groups_.find(id);
  if (it == groups_.end()) return;
  auto group = std::move(it->second);
  groups_.erase(it);
  remote_bytes_ -= group->bytes;
  auto job = jobs_.find(group->job);
  if (job == jobs_.end()) return;
  for (auto i : group->targets) settle(*job->second, i, r);
}

// VERP: list+user=example.net@ours.example, so that a failure tells whose it was.
std::string Runner::reverse_path_of(const Job& job, const Group& g) const {
  const Envelope& e = job.message.envelope;
  if (e.is_bounce()) return e.reverse_path;
  if (g.is_forwarded && job.forward_from) return *job.forward_from;
  if (!e.verp || g.targets.size() != 1 || e.reverse_path[0] == '"') return e.reverse_path;
  const std::string& to = job.targets[g.targets[0]].address;
  if (local_part_of(to).empty() || to[0] == '"') return e.reverse_path;
  return fmt::format("{}{}{}={}@{}", local_part_of(e.reverse_path), config_.verp_separator, local_part_of(to), domain_of(to), domain_of(e.reverse_path));
}

void Runner::dispatch_remote() {
  while (remote_up_ && !stopped_ && scheduler_.active() < config_.max_remote &&
         remote_bytes_ < config_.max_remote_bytes) {
    auto start = scheduler_.next(now());
    if (!start) return;
    auto it = groups_.find(start->job);
    auto job = it == groups_.end() ? jobs_.end() : jobs_.find(it->second->job);
    if (job == jobs_.end()) {
      scheduler_.finished(start->destination, Outcome::neutral, now());
      continue;
    }
    if (job->second->want_hold || job->second->want_removal) {  // since it began to wait
      scheduler_.finished(start->destination, Outcome::neutral, now());
      set_aside(start->job, "the operator keeps it back", false);
      continue;
    }
    const Envelope& e = job->second->message.envelope;
    RemoteDelivery d;
    d.id = start->job;
    d.qid = job->second->message.id;
    d.domain = it->second->domain;
    d.route = it->second->route;
    d.from = reverse_path_of(*job->second, *it->second);
    d.body = e.body;
    d.smtputf8 = e.smtputf8;
    d.ret = e.ret;
    d.envid = e.envid;
    d.size = job->second->message.length;
    d.requiretls = e.requiretls;
    d.deliver_by = e.deliver_by;
    d.by_return = e.by_return;
    d.by_trace = e.by_trace;
    for (auto i : it->second->targets) {
      const Target& t = job->second->targets[i];
      Recipient r = job->second->recipient(t);
      r.address = t.address;
      d.recipients.push_back(std::move(r));
    }
    it->second->is_sent = true;
    it->second->bytes = d.size;
    remote_bytes_ += d.size;
    if (!outside_.deliver_remote(d, job->second->message)) {
      scheduler_.finished(start->destination, Outcome::neutral, now());
      it->second->is_sent = false;
      remote_bytes_ -= d.size;
      it->second->bytes = 0;
      if (!remote_up_ && scheduler_.add(start->destination, start->job, now())) return;  // later
      settle_group(start->job, {0, Fate::temp, "4.3.0", "", "remote delivery is not running", false});
    }
  }
}

void Runner::remote_done(const DeliveryResult& d) {
  auto it = groups_.find(d.id);
  if (it == groups_.end() || !it->second->is_sent) return;
  auto group = std::move(it->second);
  groups_.erase(it);
  remote_bytes_ -= group->bytes;
  auto job = jobs_.find(group->job);
  Outcome outcome = Outcome::neutral;
  for (auto& r : d.recipients) {
    if (r.fate == Fate::delivered) outcome = Outcome::success;
    else if (r.of_destination && outcome == Outcome::neutral) outcome = Outcome::failure;
    if (job != jobs_.end() && r.n < group->targets.size())
      settle(*job->second, group->targets[r.n], r);
  }
  if (job != jobs_.end())
    for (auto i : group->targets)  // those not spoken of
      settle(*job->second, i, {0, Fate::temp, "4.3.0", "", "remote delivery said nothing about it", false});
  RcptResult dead{0, Fate::temp, "4.4.1", "", "the destination does not answer", true};
  if (!d.recipients.empty()) dead.text += ": " + d.recipients[0].text;
  for (auto id : scheduler_.finished(group->destination, outcome, now())) settle_group(id, dead);
}

void Runner::remote_lost(uint64_t id) {
  auto it = groups_.find(id);
  if (it == groups_.end() || !it->second->is_sent) return;
  scheduler_.finished(it->second->destination, Outcome::neutral, now());
  settle_group(id, {0, Fate::temp, "4.3.0", "", "remote delivery was interrupted", false});
}

void Runner::remote_back(uint64_t id) {
  auto it = groups_.find(id);
  if (it == groups_.end() || !it->second->is_sent) return;
  Group& g = *it->second;
  scheduler_.finished(g.destination, Outcome::neutral, now());
  remote_bytes_ -= std::exchange(g.bytes, 0);
  g.is_sent = false;
  enqueue_group(id);
}

void Runner::remote_is(bool up) {
  if (remote_up_ && !up) remote_down_since_ = monotonic();
  remote_up_ = up;
}

}  // namespace jd::queue
