// SPDX-License-Identifier: MIT
// The end of a message: reports, the done log, deferred files; and of a segment.
#include <errno.h>

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {
namespace {
constexpr std::size_t original_bytes = 64 << 10;
constexpr Span least_wait_untried = seconds(5), most_wait_untried = minutes(10);

// The last line of a message's story.
void log_removed(const Message& m, bool by_operator) {
  log::Trace trace(m.id);
  log::info("removed", {{"qid", m.id}, {"from", m.envelope.reverse_path}, {"reason", by_operator ? "by the operator" : "done"}});
}

bool is_left(Fate f) { return f == Fate::temp || f == Fate::hold; }
}  // namespace

void Runner::log_target(const Job& job, const Target& t, std::string_view event, Time next) {
  const Envelope& e = job.message.envelope;
  const Recipient& r = job.recipient(t);
  Span age = now() - e.received;
  log::Trace trace(job.message.id);
  if (event == "delivered") {
    metrics_.delivered.add(age);
  } else {
    bool is_bounce = event == "bounced";
    (is_bounce ? metrics_.bounce_codes : metrics_.deferral_codes).add(t.error.code);
    (is_bounce ? metrics_.bounce_destinations : metrics_.deferral_destinations).add(lower(domain_of(t.address)));
  }
  if (event == "delivered")
    log::info(event, {{"qid", job.message.id}, {"from", e.reverse_path}, {"to", t.address},
                      {"original", r.first.empty() ? r.address : r.first}, {"host", t.error.host},
                      {"bytes", job.message.length}, {"ms", age.ms()}});
  else
    log::info(event, {{"qid", job.message.id}, {"from", e.reverse_path}, {"to", t.address},
                      {"original", r.first.empty() ? r.address : r.first}, {"host", t.error.host},
                      {"code", t.error.code}, {"reason", t.error.text}, {"next", next.ns ? std::to_string(next.seconds()) : ""}});
}

const RetryPolicy& Runner::policy_of(const Target& t) const {
  return config_.retry.of(t.is_local ? std::string_view() : domain_of(t.address));
}

void Runner::finish(Job& job) {
  if (job.phase != Job::Phase::running || job.open) return;
  job.phase = Job::Phase::reporting;
  if (job.want_removal) return complete(job);
  const Envelope& e = job.message.envelope;
  Time at = now();
  bool is_late = e.deliver_by.ns && at >= e.deliver_by;
  std::vector<std::size_t> failed, delayed, delivered, relayed;
  for (std::size_t i = 0; i < job.targets.size(); i++) {
    Target& t = job.targets[i];
    const Recipient& r = job.recipient(t);
    auto& policy = policy_of(t);
    bool is_temp = t.fate == Fate::temp;
    if (is_temp && is_late && e.by_return) {  // RFC 2852 §4.1.3
      t.fate = Fate::perm;
      t.error = {"5.4.7", "", "not delivered within the time that the sender gave; last: " + t.error.text, {}};
    } else if (is_temp && !t.is_frozen && policy.should_give_up(e.owed_since(), at)) {
      t.fate = Fate::perm;
    }
    bool warns = (policy.should_warn(e.owed_since(), at) && r.wants(notify_delay)) || (is_late && r.notify != notify_never);
    if (t.fate == Fate::perm) {
      log_target(job, t, "bounced");
      stats_.bounced++;
      // A lost report concerns the postmaster, whatever the reported sender wanted.
      if (e.is_bounce() || r.wants(notify_failure)) failed.push_back(i);
    } else if (t.fate == Fate::temp && !job.progress.warned && warns) {
      delayed.push_back(i);
    } else if (t.fate == Fate::delivered && t.is_local && !t.is_silent && (r.notify & notify_success)) {
      delivered.push_back(i);
    } else if (t.fate == Fate::delivered && t.is_relayed && ((r.notify & notify_success) || (e.by_trace && r.notify != notify_never))) {
      relayed.push_back(i);  // RFC 3461 §5.2.2, RFC 2852 §4
    }
  }
  job.reports = 1;  // held until all are asked for: answers may come at once
  if (!failed.empty()) send_report(job, ReportKind::failed, failed);
  if (!e.is_bounce() && !delayed.empty()) {
    job.progress.warned = true;
    send_report(job, ReportKind::delayed, delayed);
  }
  if (!e.is_bounce() && !delivered.empty()) send_report(job, ReportKind::delivered, delivered);
  if (!e.is_bounce() && !relayed.empty()) send_report(job, ReportKind::relayed, relayed);
  if (--job.reports == 0) complete(job);
}

void Runner::send_report(Job& job, ReportKind kind, const std::vector<std::size_t>& targets) {
  const Envelope& e = job.message.envelope;
  if (e.is_bounce() && is_double_bounce(e)) {
    log::warn("dropped", {{"qid", job.message.id}, {"reason", "a failure of a report about a report"}});
    return;
  }
  auto original = job.message.read(0, original_bytes);
  ReportInput in;
  in.kind = kind;
  in.hostname = config_.hostname;
  in.qid = job.message.id;
  in.now = now();
  in.give_up = e.owed_since() + policy_of(job.targets[targets[0]]).give_up_after;
  in.language = config_.report_language;
  if (original) in.original = *original;
  in.is_whole = original && original->size() == job.message.length;
  for (auto i : targets) {
    const Target& t = job.targets[i];
    const Recipient& r = job.recipient(t);
    in.recipients.push_back({t.is_maildir ? r.first : t.address, r.first.empty() ? r.address : r.first,
                             r.orcpt, t.error.code, t.error.host, t.error.text});
  }
  Report report = make_report(in, e, e.is_bounce() ? config_.postmaster : e.reverse_path);
  if (e.is_bounce()) mark_double_bounce(report.envelope);
  job.reports++;
  outside_.inject(job.number << token_bits | static_cast<uint64_t>(kind), report);
}

void Runner::injected(uint64_t token, Status s) {
  auto it = jobs_.find(token >> token_bits);
  if (it == jobs_.end() || !it->second->reports) return;
  Job& job = *it->second;
  auto kind = static_cast<ReportKind>(token & 3);
  if (!s) {
    log::failure("report_failed", s.error(), {{"qid", job.message.id}});
    // Nobody was told: the recipients stay and the report is tried again with them.
    for (auto& t : job.targets)
      if (kind == ReportKind::failed && t.fate == Fate::perm) t.fate = Fate::temp;
    if (kind == ReportKind::delayed) job.progress.warned = false;
  }
  if (--job.reports == 0) complete(job);
}

void Runner::complete(Job& job) {
  std::vector<std::size_t> left;
  bool is_hold = job.want_hold;
  for (std::size_t i = 0; i < job.targets.size(); i++) {
    if (is_left(job.targets[i].fate) && !job.want_removal) left.push_back(i);
    is_hold |= job.targets[i].fate == Fate::hold;
  }
  if (job.file) return complete_file(job, left, is_hold);
  if (left.empty()) {
    auto& local = job.local_of;
    bool any = std::find(local.begin(), local.end(), 1) != local.end();
    for (uint32_t i = 0; any && i < local.size(); i++)
      if (!local[i]) job.segment->done.add(job.offset, i, true);
    job.segment->done.add(job.offset, all_recipients, !any);
    log_removed(job.message, job.want_removal);
    return end_job(job);
  }
  job.want_hold = is_hold;
  job.phase = Job::Phase::moving;
  (void)is_store_safe(job);  // asks for the sync that flush_moves() will need
  moving_.push_back(job.number);
}

void Runner::end_job(Job& job) {
  if (job.segment) job.segment->open_jobs--;
  if (job.file) file_jobs_--;
  active_ids_.erase(job.message.id);
  jobs_.erase(job.number);
}

// What is written about the recipients that are left: by target when aliases were expanded (the new
// file has a recipient for each), else by the recipients that are in the file.
bool Runner::none_tried(const Job& job, const std::vector<std::size_t>& left) {
  return std::all_of(left.begin(), left.end(), [&](auto i) { return job.targets[i].is_untried; });
}

// What had no place in a destination's list comes back soon, the younger the sooner: a burst passes at
// the destination's own speed, and what waits for long is not looked at again and again.
Time Runner::next_attempt(const Job& job, const std::vector<std::size_t>& left, unsigned attempts) const {
  const Envelope& e = job.message.envelope;
  if (e.hold_until > now()) return e.hold_until;
  Time since = e.owed_since();
  if (!none_tried(job, left)) {
    // Something is to be done when the sender's time is over: a return, or a warning.
    bool by = e.deliver_by > now() && (e.by_return || !job.progress.warned);
    Time soonest = by ? e.deliver_by : Time{};
    for (auto i : left) {  // of several destinations
      Time t = policy_of(job.targets[i]).next(since, attempts, now(), random_number());
      if (!soonest.ns || t < soonest) soonest = t;
    }
    return soonest;
  }
  Span wait = std::clamp(Span{(now() - since).ns / 2}, least_wait_untried, most_wait_untried);
  return now() + Span{wait.ns + static_cast<int64_t>(random_number() % static_cast<uint64_t>(wait.ns / 4))};
}

void Runner::fill_progress(Progress& p, Job& job, const std::vector<std::size_t>& left, bool by_target) {
  p = job.progress;
  p.attempts = job.progress.attempts + (none_tried(job, left) ? 0 : 1);
  if (by_target) {
    p.status.assign(left.size(), RcptStatus::queued);
    p.errors.assign(left.size(), {});
  }
  for (std::size_t i = 0; i < left.size(); i++) {
    const Target& t = job.targets[left[i]];
    LastError& e = p.errors[by_target ? i : t.rcpt];
    e = t.error;
    e.at = now();
  }
  for (auto& t : job.targets) {  // an operator wants to know these, too, while others are left
    if (t.is_silent || is_left(t.fate) || t.state != Target::State::settled) continue;
    Attempt& a = p.history.emplace_back(Attempt{t.address, t.fate == Fate::delivered ? "delivered" : "failed", t.error});
    a.error.at = now();
  }
}

Envelope Runner::pending_envelope(const Job& job, const std::vector<std::size_t>& left) const {
  Envelope e = job.message.envelope;
  e.recipients.clear();
  for (auto i : left) {
    const Target& t = job.targets[i];
    Recipient r = job.recipient(t);
    if (r.first.empty() && r.address != t.address) r.first = r.address;
    r.address = t.address;
    r.depth = t.depth;
    e.recipients.push_back(std::move(r));
  }
  return e;
}

void Runner::complete_file(Job& job, const std::vector<std::size_t>& left, bool is_hold) {
  QueueFile& f = *job.file;
  Status s;
  if (left.empty()) {
    s = store_.remove(f.path);
    if (s) log_removed(job.message, job.want_removal);
  } else {
    if (job.is_expanded) {
      Progress p;
      fill_progress(p, job, left, true);
      s = store_.rewrite(f, pending_envelope(job, left), p);
    } else {
      for (auto& t : job.targets)
        if (t.fate == Fate::perm && s) s = store_.mark(f, t.rcpt, RcptStatus::failed);
      f.progress.status = job.progress.status;
      Progress p;
      fill_progress(p, job, left, false);
      p.status = f.progress.status;
      f.progress = p;
    }
    if (s && is_hold) {
      s = store_.move(f, "hold");
      if (s) log::warn("held", {{"qid", job.message.id}});
    } else if (s) {
      Time due = next_attempt(job, left, f.progress.attempts);
      s = store_.defer(f, due);
      if (s) {
        file_is_due(due.seconds(), job.message.id);
        for (auto i : left) log_target(job, job.targets[i], "deferred", due);
        stats_.deferred += left.size();
      }
    }
  }
  if (!s) {
    log::failure("queue_unwritable", s.error(), {{"qid", job.message.id}});
    retry_files_.emplace_back(now() + minutes(5), f.path);
  }
  end_job(job);
}

void Runner::file_is_due(int64_t due, const std::string& id) {
  if (slot_of(due) <= slot_) due_.add(due, id);
}

// A file that takes a record's place does not have its local deliveries: they must be durable first.
bool Runner::is_store_safe(const Job& job) {
  if (!job.local_epoch || synced_ >= job.local_epoch) return true;
  sync_wanted_ = std::max(sync_wanted_, job.local_epoch);
  return false;
}

// Journal messages with recipients left become files, in one batch with one sync.
void Runner::flush_moves() {
  if (moving_.empty()) return;
  last_move_ = monotonic();
  struct Moved { Job* job; std::string path; Time due; std::vector<std::size_t> left; };
  std::vector<Moved> moved;
  Status s;
  for (auto n : std::vector<uint64_t>(moving_)) {
    auto it = jobs_.find(n);
    if (it == jobs_.end()) continue;
    Job& job = *it->second;
    if (job.want_removal) {  // ordered while it waited here
      std::erase(moving_, n);
      job.segment->done.add(job.offset, all_recipients, true);
      log_removed(job.message, true);
      end_job(job);
      continue;
    }
    if (!is_store_safe(job)) continue;
    Moved m{&job, "", {}, {}};
    for (std::size_t i = 0; i < job.targets.size(); i++)
      if (is_left(job.targets[i].fate)) m.left.push_back(i);
    Progress p;
    fill_progress(p, job, m.left, true);
    m.due = next_attempt(job, m.left, p.attempts);
    Source source{{}, job.message.fd->get(), job.message.offset, job.message.length};
    auto path = store_.add_deferred(job.message.id, pending_envelope(job, m.left), source, p, m.due);
    if (!path) {
      s = Unexpected(path.error());
      break;
    }
    m.path = *path;
    moved.push_back(std::move(m));
  }
  if (Status synced = moved.empty() ? Status() : store_.sync_all(); !synced) {
    s = synced;
    for (auto& m : moved) (void)store_.remove(m.path);  // they stay in the journal
    moved.clear();
  }
  if (!s) log::failure("defer_failed", s.error(), {{"waiting", moving_.size() - moved.size()}});
  for (auto& m : moved) {
    Job& job = *m.job;
    std::erase(moving_, job.number);
    job.segment->done.add(job.offset, all_recipients, true);
    for (auto i : m.left) log_target(job, job.targets[i], "deferred", m.due);
    stats_.deferred += m.left.size();
    bool hold = job.want_hold;
    std::string id = job.message.id;
    end_job(job);
    auto f = hold ? store_.load(m.path) : fail(Fault::temp, "not held");
    if (f && store_.move(*f, "hold")) log::warn("held", {{"qid", id}});
    else file_is_due(m.due.seconds(), id);
  }
}

// A complete segment that no job holds goes when what came from it is durable in the store.  Before that much
// waits for the disk it is synced too: the journal's fdatasync stands behind all of it then, and who sends waits.
void Runner::retire() {
  constexpr uint64_t much = 16 << 20;
  bool wanted = sync_wanted_ > synced_;
  for (auto it = segments_.begin(); it != segments_.end();) {
    auto [n, s] = *it;
    bool is_over = s->is_complete && !s->open_jobs;
    if (is_over && s->local_epoch > synced_) wanted = true;
    if (!is_over || s->local_epoch > synced_ || !retire_one(n)) {
      ++it;
      continue;
    }
    it = segments_.erase(it);
  }
  bool is_much = unsynced_bytes_ >= much;
  if (!(wanted || is_much) || syncing_ || monotonic() - last_sync_ < (is_much ? milliseconds(200) : seconds(1))) return;
  syncing_ = true;
  unsynced_bytes_ = 0;
  sync_started_++;
  last_sync_ = monotonic();
  if (!outside_.sync_store()) store_synced(false);
}

bool Runner::retire_one(uint32_t number) {
  outside_.forget_segment(number);
  if (Status r = retire_segment(journal_.get(), number); !r) {
    log::failure("retire_failed", r.error(), {{"segment", number}});
    return false;
  }
  last_retired_ = std::max(last_retired_, number);
  return true;
}

void Runner::store_synced(bool is_good) {
  if (!syncing_) return;
  syncing_ = false;
  if (is_good) synced_ = sync_started_;
}

// A complete segment must not wait for slow destinations: its last messages become files, while
// their deliveries, which have bytes of their own, go on.
void Runner::convert_old_jobs() {
  std::vector<Job*> old;
  for (auto& [n, job] : jobs_) {
    auto& s = job->segment;
    if (!s || !s->is_complete || monotonic() - s->complete_since < config_.segment_patience) continue;
    if (job->phase != Job::Phase::running || job->resolving) continue;
    bool local = std::any_of(job->targets.begin(), job->targets.end(), [](auto& t) {
      return t.is_local && t.state == Target::State::sent;
    });
    if (!local && is_store_safe(*job)) old.push_back(job.get());
    if (old.size() == 500) break;
  }
  std::vector<std::pair<Job*, std::string>> written;
  for (Job* job : old) {
    Source source{{}, job->message.fd->get(), job->message.offset, job->message.length};
    auto path = store_.add_new(job->message.id, job->message.envelope, source, Durability::unsynced, job->progress);
    if (!path) {
      log::failure("defer_failed", path.error());
      break;
    }
    written.emplace_back(job, *path);
  }
  if (written.empty()) return;
  if (Status s = store_.sync_all(); !s) {
    log::failure("defer_failed", s.error());
    for (auto& [job, path] : written) (void)store_.remove(path);
    return;
  }
  for (auto& [job, path] : written) {
    auto f = store_.load(path);
    if (!f) {  // it stays in the journal
      (void)store_.remove(path);
      continue;
    }
    job->segment->done.add(job->offset, all_recipients, true);
    job->segment->open_jobs--;
    job->segment.reset();
    job->message = f->message;
    job->file = std::move(*f);
    file_jobs_++;
  }
}

void Runner::tick() {
  Time at = monotonic();
  metrics_.rates.tick(at, {stats_.received, stats_.delivered, stats_.deferred, stats_.bounced});
  if (slot_of(now().seconds()) > slot_) advance_slots();
  if (!moving_.empty() && at - last_move_ >= seconds(1)) flush_moves();
  if (at - last_look_ >= seconds(5)) {
    last_look_ = at;
    look_for_segments();
  }
  forget_moved();
  convert_old_jobs();
  for (auto token : std::exchange(ask_again_, {})) {
    Job* job = nullptr;
    if (Target* t = target_of(token, &job)) {
      std::string address = t->address;
      outside_.resolve(token, address);
    }
  }
  while (!retry_files_.empty() && retry_files_.front().first <= now()) {
    new_files_.push_back(std::move(retry_files_.front().second));
    retry_files_.pop_front();
  }
  if (at - last_sweep_ >= minutes(1)) {
    last_sweep_ = at;
    scheduler_.sweep(now());
    look_for_new_files();
  }
  if (!local_up_ && at - local_down_since_ > config_.agent_patience) {
    auto waiting = std::move(local_waiting_);
    local_waiting_.clear();
    for (auto token : waiting) {
      Job* job = nullptr;
      if (Target* t = target_of(token, &job); t && t->state == Target::State::waiting)
        settle(*job, static_cast<std::size_t>(t - job->targets.data()),
               {0, Fate::temp, "4.3.0", "", "local delivery is not running", false});
    }
  }
  if (!remote_up_ && at - remote_down_since_ > config_.agent_patience)
    for (auto id : scheduler_.take_waiting())
      settle_group(id, {0, Fate::temp, "4.3.0", "", "remote delivery is not running", false});
  pump();
}

}  // namespace jd::queue
