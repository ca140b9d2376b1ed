// SPDX-License-Identifier: MIT
// What happens to each recipient.  Admission: runner_admit.cc; the end of a message: runner_finish.cc.
#include "lib/queue/runner.h"

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {

Runner::Runner(FileStore store, RunnerConfig c, Outside& o)
    : store_(std::move(store)), config_(std::move(c)), outside_(o), scheduler_(config_.limits) {}
Runner::~Runner() = default;

Result<std::unique_ptr<Runner>> Runner::open(const std::string& path, RunnerConfig c, Outside& o) {
  TRY(FileStore store, FileStore::open(path));
  std::unique_ptr<Runner> r(new Runner(std::move(store), std::move(c), o));
  CHECK(r->start());
  return r;
}

void Runner::start_job(std::unique_ptr<Job> owned) {
  Job& job = *owned;
  job.number = next_job_++;
  job.started = now();
  auto& rcpts = job.message.envelope.recipients;
  job.progress.errors.resize(rcpts.size());
  job.progress.status.resize(rcpts.size(), RcptStatus::queued);
  job.open_of.resize(rcpts.size());
  job.bad_of.resize(rcpts.size());
  job.local_of.resize(rcpts.size());
  jobs_[job.number] = std::move(owned);
  active_ids_[job.message.id] = job.number;
  stats_.received++;
  for (uint32_t i = 0; i < rcpts.size(); i++) {
    bool done = job.progress.status[i] != RcptStatus::queued ||
                (job.segment && job.replay && job.segment->done.is_done(job.offset, i));
    if (done) job.progress.status[i] = RcptStatus::delivered;
    else add_target(job, rcpts[i].address, i, rcpts[i].depth);
  }
  if (job.targets.empty()) finished_.push_back(job.number);
  bool loops = job.message.envelope.hops > max_hops, is_early = job.message.envelope.hold_until > job.started;
  // Answers may come at once; expansion appends and asks for what it appends itself.
  for (std::size_t i = 0, n = job.targets.size(); i < n; i++) {
    Target& t = job.targets[i];
    if (loops || is_early || t.is_maildir) {
      job.resolving--;
      resolving_--;
      if (loops)
        settle(job, i, {0, Fate::perm, "5.4.6", "", "too many hops: the message goes in circles", false});
      else if (is_early)
        settle_early(job, i);
      else
        local_waiting_.push_back(job.token(i));
      if (!job.resolving) group_remote(job);
    } else {
      std::string address = t.address;
      outside_.resolve(job.token(i), address);
    }
  }
}

// FUTURERELEASE: no attempt before its time (next_attempt).
void Runner::settle_early(Job& job, std::size_t index) {
  job.targets[index].is_untried = true;
  settle(job, index, {0, Fate::temp, "4.3.2", "", "the sender wants it held until its time", false});
}

void Runner::add_target(Job& job, std::string address, uint32_t rcpt, uint8_t depth) {
  Target& t = job.targets.emplace_back();
  // Only an alias leads to a path (depth is ours, never a client's: queue-inject sees to that).
  t.is_maildir = depth > 0 && istarts_with(address, maildir_prefix);
  t.is_local = t.is_maildir;
  if (t.is_maildir) {
    t.path = address.substr(maildir_prefix.size());
    t.state = Target::State::waiting;
  }
  t.address = std::move(address);
  t.rcpt = rcpt;
  t.depth = depth;
  t.replay = job.is_doubtful;
  job.open_of[rcpt]++;
  job.open++;
  job.resolving++;
  resolving_++;
}

Runner::Target* Runner::target_of(uint64_t token, Job** job) {
  auto it = jobs_.find(token >> token_bits);
  std::size_t index = token & ((1u << token_bits) - 1);
  if (it == jobs_.end() || index >= it->second->targets.size()) return nullptr;
  *job = it->second.get();
  return &it->second->targets[index];
}

void Runner::resolved(uint64_t token, Result<Resolution> r) {
  Job* job = nullptr;
  Target* t = target_of(token, &job);
  if (!t || t->state != Target::State::resolving) return;
  std::size_t index = token & ((1u << token_bits) - 1);
  if (!r && now() - job->started < config_.agent_patience) {
    ask_again_.push_back(token);  // a restart of the directory must not defer what is here
    return;
  }
  job->resolving--;
  resolving_--;
  if (!r) {
    settle(*job, index, {0, Fate::temp, "4.3.0", "", "the directory did not answer: " + r.error().what, false});
  } else if (r->kind == Resolution::Kind::unknown) {
    settle(*job, index, {0, Fate::perm, "5.1.1", "", "no such mailbox here", false});
  } else if (r->kind == Resolution::Kind::alias) {
    expand(*job, index, r->targets);
  } else {
    bool local = r->kind == Resolution::Kind::account;
    auto domain = lower(domain_of(t->address));
    std::string key = local ? "account " + r->account
                            : fmt::format("remote {}@{}", local_part_of(t->address), domain);
    t->state = Target::State::waiting;
    t->is_local = local;
    if (!job->seen.insert(key).second) {
      t->is_silent = true;
      settle(*job, index, {0, Fate::delivered, "", "", "", false});
    } else if (local) {
      t->account = std::move(r->account);
      t->path = std::move(r->path);
      t->quota = r->quota;
      local_waiting_.push_back(token);
    }
  }
  if (!job->resolving) group_remote(*job);
}

void Runner::expand(Job& job, std::size_t index, const std::vector<std::string>& targets) {
  Target& t = job.targets[index];
  uint32_t rcpt = t.rcpt;
  auto depth = static_cast<uint8_t>(t.depth + 1);
  bool again = !job.seen.insert("alias " + lower(t.address)).second;
  if (!again && (depth > max_alias_depth || job.targets.size() + targets.size() > max_targets)) {
    const char* why = depth > max_alias_depth ? "aliases lead to aliases in circles or too deep"
                                              : "the aliases lead to too many addresses";
    return settle(job, index, {0, Fate::perm, "5.4.6", "", why, false});
  }
  std::size_t first = job.targets.size();
  if (!again) {
    job.is_expanded = true;
    for (auto& a : targets) add_target(job, a, rcpt, depth);
  }
  std::size_t end = job.targets.size();
  job.targets[index].is_silent = true;
  settle(job, index, {0, Fate::delivered, "", "", "", false});
  for (std::size_t i = first; i < end; i++) {
    if (job.targets[i].is_maildir) {
      job.resolving--;
      resolving_--;
      local_waiting_.push_back(job.token(i));
    } else {
      std::string address = job.targets[i].address;
      outside_.resolve(job.token(i), address);
    }
  }
}

void Runner::settle(Job& job, std::size_t index, const RcptResult& r) {
  Target& t = job.targets[index];
  if (t.state == Target::State::settled) return;
  t.state = Target::State::settled;
  t.fate = r.fate;
  t.is_relayed = r.is_relayed;
  t.error = {r.code, r.host, r.text.substr(0, max_error_text), {}, r.of_address};
  job.open--;
  if (r.fate != Fate::delivered) job.bad_of[t.rcpt] = 1;
  if (t.is_local && r.code == "4.2.2") outside_.mailbox_full(t.account, job.message.length);
  else if (t.is_local && r.full_for) outside_.mailbox_full(t.account, r.full_for);
  if (r.fate == Fate::delivered && t.is_local && !t.is_silent) {
    job.local_of[t.rcpt] = 1;
    job.local_epoch = sync_started_ + 1;
    unsynced_bytes_ += job.message.length;
    if (job.segment) job.segment->local_epoch = job.local_epoch;
  }
  if (r.fate == Fate::delivered && !t.is_silent) {
    stats_.delivered++;
    log_target(job, t, "delivered");
  }
  if (--job.open_of[t.rcpt] == 0 && !job.bad_of[t.rcpt]) {
    job.progress.status[t.rcpt] = RcptStatus::delivered;
    // At once, so that a crash repeats as little as possible; with a single one the end says it.
    if (job.file) {
      if (Status s = store_.mark(*job.file, t.rcpt, RcptStatus::delivered); !s)
        log::failure("mark_failed", s.error());
    } else if (job.open) {
      job.segment->done.add(job.offset, t.rcpt, !job.local_of[t.rcpt]);
    }
  }
  if (!job.open) finished_.push_back(job.number);
}

void Runner::dispatch_local() {
  while (local_up_ && !stopped_ && !local_waiting_.empty() && local_active_ < config_.max_local) {
    Job* job = nullptr;
    uint64_t token = local_waiting_.front();
    Target* t = target_of(token, &job);
    if (!t || t->state != Target::State::waiting) {
      local_waiting_.pop_front();
      continue;
    }
    const Envelope& e = job->message.envelope;
    const Recipient& rcpt = job->recipient(*t);
    LocalDelivery d;
    d.id = token;
    d.qid = job->message.id;
    d.rcpt = t->address;
    d.original = rcpt.first.empty() ? rcpt.address : rcpt.first;
    d.from = e.reverse_path;
    if (t->is_maildir) d.kind = "maildir";
    d.account = t->account;
    d.path = t->path;
    d.quota = t->quota;
    d.replay = t->replay;
    d.user = e.user;
    d.received = e.received;
    if (job->segment) d.segment = job->segment->reader.number();
    d.offset = job->message.offset;
    d.length = job->message.length;
    // Before the call: the answer may come inside.
    Message message = job->message;
    local_waiting_.pop_front();
    t->state = Target::State::sent;
    local_active_++;
    if (!outside_.deliver_local(d, message)) {
      local_waiting_.push_front(token);
      t->state = Target::State::waiting;
      local_active_--;
      return;
    }
  }
}

void Runner::local_done(uint64_t token, const RcptResult& r) {
  Job* job = nullptr;
  Target* t = target_of(token, &job);
  if (!t || t->state != Target::State::sent || !t->is_local) return;
  local_active_--;
  settle(*job, token & ((1u << token_bits) - 1), r);
}

void Runner::local_lost(uint64_t token) {
  Job* job = nullptr;
  Target* t = target_of(token, &job);
  if (!t || t->state != Target::State::sent || !t->is_local) return;
  local_active_--;
  t->state = Target::State::waiting;
  t->replay = true;
  local_waiting_.push_front(token);
}

void Runner::local_is(bool up) {
  if (local_up_ && !up) local_down_since_ = monotonic();
  if (!up) syncing_ = false;
  local_up_ = up;
}

void Runner::pump() {
  // The bound on admissions per turn lets the others of the loop have their turn.
  std::size_t taken = 0;
  for (; taken < 512 && !draining_ && ask_again_.size() < max_unanswered && jobs_.size() < config_.max_jobs; taken++) {
    turn_ = !turn_;
    if (turn_ ? !admit_record() && !admit_file() : !admit_file() && !admit_record()) break;
  }
  has_more_ = taken == 512;
  dispatch_local();
  dispatch_remote();
  while (!finished_.empty()) {
    std::vector<uint64_t> now_finished = std::move(finished_);
    finished_.clear();
    for (auto n : now_finished)
      if (auto it = jobs_.find(n); it != jobs_.end()) finish(*it->second);
  }
  if (moving_.size() >= 200) flush_moves();
  for (auto& [n, s] : segments_)
    if (Status f = s->done.flush(); !f) log::failure("done_log_failed", f.error());
  retire();
}

}  // namespace jd::queue
