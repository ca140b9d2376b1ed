// SPDX-License-Identifier: MIT
#include "lib/queue/operation.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {
namespace {
constexpr std::size_t max_faults = 20;
using Verb = Order::Verb;
}  // namespace

Result<std::unique_ptr<Operation>> Operation::begin(Runner& r, Order o) {
  if (o.verb == Verb::redirect) {
    if (o.to.size() < 3 || o.to.find('@') == o.to.npos || o.to.back() == '@')
      return fail(jd::Fault::usage, "{} is no address: say user@domain, or @domain for the same user there", escape(o.to));
    if (o.to[0] != '@') CHECK(check_address(o.to, false));
  }
  TRY(Matcher m, Matcher::make(o.select, now()));
  std::unique_ptr<Operation> op(new Operation(r, std::move(o), std::move(m), now()));
  if (op->looks_at("active"))
    for (auto& [id, n] : r.active_ids_) op->active_.push_back(id);
  std::sort(op->active_.begin(), op->active_.end());
  for (auto& id : op->active_) op->seen_.insert(id);
  TRY(op->scan_, Scan::open(r.store_, [&](std::string_view state) { return op->looks_at(state); }));
  if (op->order_.verb == Verb::retry && !op->order_.dry_run) r.scheduler_.revive();
  return op;
}

// Without ids, what a verb has nothing to do with is not even looked at.
bool Operation::looks_at(std::string_view state) const {
  if (!matcher_.takes_state(state)) return false;
  if (matcher_.has_ids()) return true;
  switch (order_.verb) {
    case Verb::hold: return state != "hold";
    case Verb::release: return state == "hold" || state == "active";
    case Verb::retry: return state == "deferred";
    default: return true;
  }
}

Result<bool> Operation::step(Span budget) {
  Time until = monotonic() + budget;
  for (unsigned n = 0; !is_over_; n++) {
    if (is_enough()) return true;
    if ((n % 8 == 7 || (n && order_.verb == Verb::redirect)) && monotonic() >= until) return false;
    if (next_active_ < active_.size()) {
      look_at_active(active_[next_active_++]);
      continue;
    }
    TRY(auto name, scan_->next());
    if (name) look_at_file(std::move(*name));
    else CHECK(finish());
    // All that were named are found: the rest of a large queue is not looked through.
    if (matcher_.has_ids() && tally_.matched >= order_.select.ids.size() && !is_over_) CHECK(finish());
  }
  return true;
}

Status Operation::finish() {
  is_over_ = true;
  std::unordered_set<std::string> asked;
  if (matcher_.has_ids() && tally_.matched < order_.select.ids.size())
    for (auto& id : order_.select.ids)
      if (!seen_.count(id) && asked.insert(id).second) {
        tally_.failed++;
        note(id, "no such message in the queue");
      }
  return is_change() && tally_.done && !order_.dry_run ? runner_.store_.sync_all() : Status();
}

void Operation::count(std::string_view state, const std::string& id, uint64_t bytes) {
  tally_.matched++;
  tally_.bytes += bytes;
  (state == "active" ? tally_.active : state == "deferred" ? tally_.deferred : state == "hold" ? tally_.hold : tally_.fresh)++;
  Time t = time_of_id(id);
  if (t.ns && (!tally_.oldest.ns || t < tally_.oldest)) tally_.oldest = t;
}

void Operation::show_item(QueueItem i) {
  if (items_.size() < order_.limit) items_.push_back(std::move(i));
}

void Operation::show_details(Runner::Details d, const QueueFile* f) {
  if (f)
    if (auto h = runner_.store_.history(*f)) d.history = std::move(*h);
  details = std::move(d);
}

void Operation::note(const std::string& id, std::string why) {
  if (tally_.faults.size() < max_faults) tally_.faults.push_back({id, std::move(why)});
}
void Operation::skip(const std::string& id, std::string why) {
  tally_.skipped++;
  note(id, std::move(why));
}
void Operation::settle(const std::string& id, const Status& s) {
  if (s) {
    tally_.done++;
  } else if (s.error().sys == ENOENT) {
    skip(id, "it left the place where it was just now; run this again");
  } else {
    tally_.failed++;
    note(id, s.error().what);
  }
}

void Operation::look_at_active(const std::string& id) {
  Runner::Job* job = runner_.active_job(id);
  if (!job || !matcher_.takes_id(id) || !matcher_.takes(job->message, job->progress)) return;
  count("active", id, job->message.length);
  if (order_.verb == Verb::count) return;
  show_item(item_of("active", job->message, job->progress, {}));
  if (order_.verb == Verb::show) show_details(runner_.details_of(job->message, job->progress, "active", {}), job->file ? &*job->file : nullptr);
  if (is_change()) act_on_active(id);
}

void Operation::act_on_active(const std::string& id) {
  Runner::Job& job = *runner_.active_job(id);
  Verb v = order_.verb;
  if (v == Verb::redirect) return skip(id, "it is being delivered just now; run this again when it waits");
  if (v == Verb::release && !job.want_hold) {
    if (!matcher_.has_ids()) {
      tally_.matched--;
      tally_.active--;
      return;
    }
    return settle(id, fail(jd::Fault::perm, "it is not held"));
  }
  if (!order_.dry_run) {
    if (v == Verb::hold) job.want_hold = true;  // what is under way ends first
    if (v == Verb::release) job.want_hold = false;
    if (v == Verb::remove) runner_.remove_active(job);
  }
  tally_.done++;
}

void Operation::look_at_file(Scan::Name n) {
  if (seen_.count(n.id) || !matcher_.takes_id(n.id)) return;
  if (order_.verb == Verb::retry && !order_.dry_run && n.due == started_.seconds()) return;  // moved by us
  std::optional<QueueFile> f;
  bool wants_item = items_.size() < order_.limit && order_.verb != Verb::count;
  if (matcher_.needs_content() || wants_item || order_.verb == Verb::redirect) {
    auto loaded = runner_.store_.load(n.path);
    if (!loaded && loaded.error().sys == ENOENT) return;
    if (!loaded) {
      tally_.failed++;
      return note(n.id, loaded.error().what);
    }
    f = std::move(*loaded);
    if (!matcher_.takes(f->message, f->progress)) return;
  }
  if (matcher_.has_ids()) seen_.insert(n.id);
  count(n.state, n.id, f ? f->message.length : 0);
  if (order_.verb == Verb::count) return;
  Time due = from_seconds(n.due);
  if (f && wants_item) show_item(item_of(n.state, f->message, f->progress, due));
  if (order_.verb == Verb::show && f) show_details(runner_.details_of(f->message, f->progress, n.state, due), &*f);
  if (is_change()) act_on_file(n, f);
}

void Operation::act_on_file(Scan::Name& n, std::optional<QueueFile>& f) {
  if (runner_.active_ids_.count(n.id)) {  // since a moment ago
    tally_.deferred -= n.state[0] == 'd';
    tally_.active += n.state[0] == 'd';
    return act_on_active(n.id);
  }
  bool is_held = n.state[0] == 'h';
  if (order_.verb == Verb::hold && is_held) return settle(n.id, {});
  if (order_.verb == Verb::release && !is_held) return settle(n.id, fail(jd::Fault::perm, "it is not held"));
  if (order_.verb == Verb::retry && is_held) return settle(n.id, fail(jd::Fault::perm, "it is held: release it"));
  bool changed = true;
  switch (order_.verb) {
    case Verb::hold: return settle(n.id, hold(n));
    case Verb::release: return settle(n.id, release(n));
    case Verb::retry: return settle(n.id, retry(n));
    case Verb::remove: return settle(n.id, remove(n));
    case Verb::redirect: {
      Status s = redirect(n, *f, changed);
      return changed || !s ? settle(n.id, s) : skip(n.id, "its recipients are that address already");
    }
    default: return;
  }
}

Status Operation::hold(Scan::Name& n) {
  if (order_.dry_run) return {};
  CHECK(runner_.store_.move(n.path, n.id, "hold"));
  log::Trace trace(n.id);
  log::warn("held", {{"qid", n.id}});
  return {};
}

void Operation::make_due(const std::string& path, const std::string& id, Time due) {
  if (matcher_.has_ids()) runner_.flush_files_.push_front(path);  // before what else is due
  else runner_.file_is_due(due.seconds(), id);
}

Status Operation::release(Scan::Name& n) {
  if (order_.dry_run) return {};
  TRY(std::string path, runner_.store_.reschedule(n.path, n.id, started_));
  log::Trace trace(n.id);
  log::info("released", {{"qid", n.id}});
  make_due(path, n.id, started_);
  return {};
}

Status Operation::retry(Scan::Name& n) {
  if (order_.dry_run) return {};
  if (n.state[0] == 'n') return {};  // it is about to be tried for the first time
  if (n.due <= started_.seconds()) {
    if (matcher_.has_ids()) runner_.flush_files_.push_front(n.path);
    return {};
  }
  TRY(std::string path, runner_.store_.reschedule(n.path, n.id, started_));
  make_due(path, n.id, started_);
  return {};
}

Status Operation::remove(Scan::Name& n) {
  if (order_.dry_run) return {};
  CHECK(runner_.store_.remove(n.path));
  log::Trace trace(n.id);
  log::info("removed", {{"qid", n.id}, {"reason", "by the operator"}});
  return {};
}

// Those that are waiting and named get the new address; the others keep theirs; what is done is left out.
Status Operation::redirect(Scan::Name& n, QueueFile& f, bool& changed) {
  Envelope e = f.message.envelope;
  Progress p;
  p.attempts = f.progress.attempts;
  p.warned = f.progress.warned;
  std::unordered_set<std::string> there;
  std::string from;
  changed = false;
  e.recipients.clear();
  for (std::size_t i = 0; i < f.message.envelope.recipients.size(); i++) {
    Recipient r = f.message.envelope.recipients[i];
    if (i < f.progress.status.size() && f.progress.status[i] != RcptStatus::queued) continue;
    LastError error = i < f.progress.errors.size() ? f.progress.errors[i] : LastError{};
    std::string to = order_.to[0] == '@' ? std::string(local_part_of(r.address)) + order_.to : order_.to;
    if (matcher_.takes_recipient(r.address) && !iequals(r.address, to)) {
      changed = true;
      from += (from.empty() ? "" : ",") + r.address;
      if (r.first.empty()) r.first = r.address;
      r.address = to;
      r.depth = 0;
      error = {};
    }
    if (!there.insert(lower(r.address)).second) continue;
    e.recipients.push_back(std::move(r));
    p.errors.push_back(std::move(error));
  }
  p.status.assign(e.recipients.size(), RcptStatus::queued);
  if (!changed || order_.dry_run) return {};
  CHECK(runner_.store_.rewrite(f, std::move(e), std::move(p)));
  log::Trace trace(n.id);
  log::info("redirected", {{"qid", n.id}, {"from", from.substr(0, 1000)}, {"to", order_.to}});
  if (n.state[0] != 'd') return {};
  TRY(std::string path, runner_.store_.reschedule(f.path, n.id, started_));
  make_due(path, n.id, started_);
  return {};
}

}  // namespace jd::queue
