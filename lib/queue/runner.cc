// SPDX-License-Identifier: MIT
// Admission of messages and what happens to each recipient; the end of a message: runner_finish.cc.
#include "lib/queue/runner.h"

#include <errno.h>

#include <algorithm>

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

Status Runner::start() {
  TRY(journal_, file::open(store_.root(), "journal", O_RDONLY | O_DIRECTORY));
  CHECK(clean_journal(journal_.get()));
  CHECK(store_.clean_tmp(hours(1)));
  TRY(auto numbers, list_segments(journal_.get()));
  for (auto n : numbers) CHECK(open_segment(n, true));
  if (!segments_.empty()) CHECK(find_moved());
  look_for_new_files();
  advance_slots();
  local_down_since_ = remote_down_since_ = last_look_ = last_sweep_ = last_move_ = monotonic();
  return {};
}

// Records to replay may have become files before the crash.  Only names are read, and only those
// younger than the oldest segment are kept.
Status Runner::find_moved() {
  Time oldest = segments_.begin()->second->reader.created() - hours(1);
  auto keep = [&](const std::string& id, const std::string& path) {
    if (time_of_id(id) >= oldest) file_ids_[id] = path;
  };
  TRY(auto slots, store_.list_slots());
  for (auto slot : slots) {
    TRY(auto waiting, store_.list_slot(slot));
    for (auto& w : waiting) keep(w.id, FileStore::deferred_path(w.due, w.id));
  }
  for (auto list : {&FileStore::list_new, &FileStore::list_held}) {
    TRY(auto paths, (store_.*list)());
    for (auto& p : paths) keep(p.substr(p.rfind('/') + 1), p);
  }
  return {};
}

// A record to replay that is a whole file too needs no replay.  A file that the power cut left torn
// was never said to be there: the record is the message.
bool Runner::has_file(const std::string& id) {
  auto it = file_ids_.find(id);
  if (it == file_ids_.end()) return false;
  auto f = store_.load(it->second);
  if (!f && f.error().sys == ENOENT) return true;  // it was whole when it was taken from there
  if (f && store_.verify(*f)) return true;
  log::warn("torn", {{"path", it->second}});
  if (Status s = store_.quarantine(it->second); !s) log::failure("quarantine_failed", s.error());
  file_ids_.erase(it);
  return false;
}

Status Runner::open_segment(uint32_t number, bool is_replay) {
  auto reader = JournalReader::open(journal_.get(), number);
  if (!reader && reader.error().sys == ENOENT) return {};
  if (!reader && reader.error().sys == ENODATA) {  // never used; it only has the name of a segment
    return retire_segment(journal_.get(), number);
  }
  if (!reader) {
    log::error("journal_damage", {{"segment", number}, {"what", reader.error().what}});
    CHECK(keep_damaged(store_.root(), number));
    return retire_segment(journal_.get(), number, 0);
  }
  TRY(DoneLog done, DoneLog::open(journal_.get(), number, reader->generation(), config_.boot_id));
  auto s = std::make_shared<Segment>(std::move(*reader), std::move(done));
  s->is_replay = is_replay;
  segments_[number] = std::move(s);
  return {};
}

void Runner::look_for_segments() {
  auto numbers = list_segments(journal_.get());
  if (!numbers) return log::failure("journal_unreadable", numbers.error());
  for (auto n : *numbers)
    if (n > last_retired_ && !segments_.count(n))
      if (Status s = open_segment(n, false); !s) log::failure("journal_unreadable", s.error());
  for (auto& [n, s] : segments_) {
    s->reader.set_limit(0);
    s->is_at_end = false;
  }
}

void Runner::journal_grew(uint32_t segment, uint64_t end) {
  if (!segments_.count(segment)) look_for_segments();
  auto it = segments_.find(segment);
  if (it == segments_.end()) return;
  last_look_ = monotonic();
  for (auto before = segments_.begin(); before != it; ++before) {
    before->second->reader.set_limit(0);  // followed by a newer one: it is committed to its end
    before->second->is_at_end = false;
  }
  it->second->reader.set_limit(end);
  it->second->is_at_end = false;
}

void Runner::new_file(const std::string& name) {
  if (name.empty() || name[0] == '.' || active_ids_.count(name)) return;
  new_files_.push_back("new/" + name);
}

void Runner::look_for_new_files() {
  auto paths = store_.list_new();
  if (!paths) return log::failure("queue_unreadable", paths.error());
  std::unordered_set<std::string> known(new_files_.begin(), new_files_.end());
  for (auto& [t, p] : retry_files_) known.insert(p);
  for (auto& p : *paths)
    if (!known.count(p)) new_file(p.substr(4));
}

void Runner::advance_slots() {
  int64_t current = slot_of(now().seconds());
  auto read = [&](int64_t slot) {
    auto waiting = store_.list_slot(slot);
    if (!waiting) return log::failure("queue_unreadable", waiting.error());
    for (auto& w : *waiting) due_.add(w.due, w.id);
  };
  if (slot_ < 0 || current - slot_ > 16) {  // the start, or a clock that jumped
    auto slots = store_.list_slots();
    if (!slots) return log::failure("queue_unreadable", slots.error());
    for (auto s : *slots)
      if (s > slot_ && s <= current) read(s);
  } else {
    for (auto s = slot_ + 1; s <= current; s++) read(s);
  }
  for (auto s = std::max<int64_t>(slot_, 0); s < current && slot_ >= 0; s++)
    store_.remove_slot_if_empty(s);
  slot_ = std::max(slot_, current);
}

// Takes one record out of the journal; false when there is none.
bool Runner::admit_record() {
  for (auto& [number, s] : segments_) {
    while (!s->is_at_end && !s->is_complete) {
      auto e = s->reader.next();
      if (!e) {
        log::failure("journal_unreadable", e.error(), {{"segment", number}});
        s->is_at_end = true;
        break;
      }
      if (!*e) {
        s->is_at_end = true;
        s->is_replay = false;
        s->done.forget();
        if (s->reader.is_sealed() || number != segments_.rbegin()->first) {
          s->is_complete = true;
          s->complete_since = monotonic();
          if (s->reader.is_damaged()) keep_damage(number, *s);
        }
        break;
      }
      JournalEntry& entry = **e;
      if (s->done.is_done(entry.offset, all_recipients) || active_ids_.count(entry.message.id) ||
          (s->is_replay && has_file(entry.message.id)))
        continue;
      auto job = std::make_unique<Job>();
      job->message = std::move(entry.message);
      job->segment = s;
      job->offset = entry.offset;
      job->replay = s->is_replay;
      s->open_jobs++;
      start_job(std::move(job));
      return true;
    }
  }
  return false;
}

void Runner::keep_damage(uint32_t number, const Segment& s) {
  for (auto& d : s.reader.damage())
    log::error("journal_damage", {{"segment", number}, {"offset", d.offset}, {"length", d.length}, {"what", d.reason}});
  if (Status k = keep_damaged(store_.root(), number); !k) log::failure("quarantine_failed", k.error());
}

bool Runner::admit_file() {
  if (file_jobs_ >= config_.max_jobs / 2 + 1) return false;  // the hot path keeps its half
  for (auto* list : {&new_files_, &flush_files_}) {
    if (list->empty()) continue;
    std::string path = std::move(list->front());
    list->pop_front();
    start_file(path);
    return true;
  }
  auto due = due_.pop(now());
  if (!due) return false;
  start_file(FileStore::deferred_path(due->due, std::string(due->id.data(), due->id.size())));
  return true;
}

void Runner::start_file(const std::string& path) {
  auto f = store_.load(path);
  if (!f && f.error().sys == ENOENT) return;  // removed or moved meanwhile
  // Those that came from the journal were not synced one by one; large ones were.
  if (f && f->message.length <= 2 * max_journal_message)
    if (Status whole = store_.verify(*f); !whole) f = Unexpected(whole.error());
  if (!f && f.error().fault == Fault::perm && f.error().sys == 0) {
    log::error("corrupt", {{"path", path}, {"what", f.error().what}});
    if (path.size() >= 20) file_ids_.erase(path.substr(path.size() - 20));  // the journal may have it
    if (Status s = store_.quarantine(path); !s) log::failure("quarantine_failed", s.error());
    return;
  }
  if (!f) {
    log::failure("queue_unreadable", f.error(), {{"path", path}});
    retry_files_.emplace_back(now() + minutes(1), path);
    return;
  }
  if (active_ids_.count(f->message.id)) {
    if (path.compare(0, 4, "new/") != 0) retry_files_.emplace_back(now() + minutes(1), path);
    return;
  }
  auto job = std::make_unique<Job>();
  job->message = f->message;
  job->progress = f->progress;
  job->replay = job->progress.attempts > 0 || path.compare(0, 4, "new/") != 0 ||
                file_ids_.count(f->message.id);
  job->file = std::move(*f);
  file_jobs_++;
  start_job(std::move(job));
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
  bool loops = job.message.envelope.hops > max_hops;
  // Answers may come at once; expansion appends and asks for what it appends itself.
  for (std::size_t i = 0, n = job.targets.size(); i < n; i++) {
    Target& t = job.targets[i];
    if (loops || t.is_maildir) {
      job.resolving--;
      resolving_--;
      if (loops)
        settle(job, i, {0, Fate::perm, "5.4.6", "", "too many hops: the message goes in circles", false});
      else
        local_waiting_.push_back(job.token(i));
      if (!job.resolving) group_remote(job);
    } else {
      std::string address = t.address;
      outside_.resolve(job.token(i), address);
    }
  }
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
  t.replay = job.replay;
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

// All addresses are known: remote ones go together by domain.
void Runner::group_remote(Job& job) {
  std::map<std::string, std::vector<std::size_t>> by_domain;
  for (std::size_t i = 0; i < job.targets.size(); i++) {
    Target& t = job.targets[i];
    if (t.is_local || t.state != Target::State::waiting) continue;
    auto& group = by_domain[lower(domain_of(t.address))];
    group.push_back(i);
  }
  for (auto& [domain, targets] : by_domain)
    for (std::size_t at = 0; at < targets.size(); at += max_group) {
      auto g = std::make_unique<Group>();
      g->job = job.number;
      g->domain = domain;
      g->targets.assign(targets.begin() + static_cast<long>(at),
                        targets.begin() + static_cast<long>(std::min(at + max_group, targets.size())));
      for (auto i : g->targets) job.targets[i].state = Target::State::sent;
      uint64_t id = next_group_++;
      groups_[id] = std::move(g);
      if (!scheduler_.add(domain, id, now()))
        settle_group(id, {0, Fate::temp, "4.4.1", "",
                          "the destination did not answer lately, or much waits for it", false});
    }
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

void Runner::settle(Job& job, std::size_t index, const RcptResult& r) {
  Target& t = job.targets[index];
  if (t.state == Target::State::settled) return;
  t.state = Target::State::settled;
  t.fate = r.fate;
  t.error = {r.code, r.host, r.text.substr(0, max_error_text)};
  job.open--;
  if (r.fate != Fate::delivered) job.bad_of[t.rcpt] = 1;
  if (r.fate == Fate::delivered && t.is_local && !t.is_silent) {
    job.local_of[t.rcpt] = 1;
    job.local_epoch = sync_started_ + 1;
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
  while (local_up_ && !local_waiting_.empty() && local_active_ < config_.max_local) {
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

void Runner::dispatch_remote() {
  while (remote_up_ && scheduler_.active() < config_.max_remote &&
         remote_bytes_ < config_.max_remote_bytes) {
    auto start = scheduler_.next();
    if (!start) return;
    auto it = groups_.find(start->job);
    auto job = it == groups_.end() ? jobs_.end() : jobs_.find(it->second->job);
    if (job == jobs_.end()) {
      scheduler_.finished(start->destination, Outcome::neutral, now());
      continue;
    }
    const Envelope& e = job->second->message.envelope;
    RemoteDelivery d;
    d.id = start->job;
    d.qid = job->second->message.id;
    d.domain = start->destination;
    d.from = e.reverse_path;
    d.body = e.body;
    d.smtputf8 = e.smtputf8;
    d.ret = e.ret;
    d.envid = e.envid;
    d.size = job->second->message.length;
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
      settle_group(start->job, {0, Fate::temp, "4.3.0", "", "remote delivery is not running", false});
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
  for (auto id : scheduler_.finished(group->domain, outcome, now())) settle_group(id, dead);
}

void Runner::remote_lost(uint64_t id) {
  auto it = groups_.find(id);
  if (it == groups_.end() || !it->second->is_sent) return;
  scheduler_.finished(it->second->domain, Outcome::neutral, now());
  settle_group(id, {0, Fate::temp, "4.3.0", "", "remote delivery was interrupted", false});
}

void Runner::local_is(bool up) {
  if (local_up_ && !up) local_down_since_ = monotonic();
  if (!up) syncing_ = false;
  local_up_ = up;
}

void Runner::remote_is(bool up) {
  if (remote_up_ && !up) remote_down_since_ = monotonic();
  remote_up_ = up;
}

void Runner::pump() {
  // The bound on admissions per turn lets the others of the loop have their turn.
  std::size_t taken = 0;
  for (; taken < 512 && !draining_ && jobs_.size() < config_.max_jobs; taken++) {
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
