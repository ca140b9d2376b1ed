// SPDX-License-Identifier: MIT
// Where messages come from: journal segments, queue/new, the slots of deferred/.
#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/heap.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {

Status Runner::start() {
  TRY(journal_, file::open(store_.root(), "journal", O_RDONLY | O_DIRECTORY));
  CHECK(clean_journal(journal_.get()));
  CHECK(store_.clean_tmp(hours(1)));
  load_operator_terms();
  read_stop_note();
  TRY(auto numbers, list_segments(journal_.get()));
  for (auto n : numbers) CHECK(open_segment(n, true));
  if (!segments_.empty()) CHECK(find_moved());
  look_for_new_files();
  for (auto& path : new_files_) file_ids_.emplace(path.substr(4), path);  // the run before may have begun with them
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

// The names serve the replay alone; with many messages deferred they are the most of our memory.
void Runner::forget_moved() {
  bool is_replaying = std::any_of(segments_.begin(), segments_.end(), [](auto& s) { return s.second->is_replay; });
  if (file_ids_.empty() || is_replaying || !new_files_.empty()) return;
  decltype(file_ids_)().swap(file_ids_);
  heap::give_back();
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
  s->is_found = s->is_replay = is_replay;
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
  if (!it->second->is_found) it->second->reader.skim_until(end);
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
      job->is_doubtful = may_have_happened(*s, job->message.id);
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

// The first line of the story of what came by queue-inject as a command, which has no log.
void Runner::log_picked_up(const Message& m) {
  auto start = m.read(0, 64 << 10);
  log::Trace trace(m.id);
  log::info("picked_up", {{"qid", m.id}, {"from", m.envelope.reverse_path}, {"recipients", m.envelope.recipients.size()}, {"bytes", m.length},
                          {"user", m.envelope.user}, {"msgid", start ? header_facts(*start).message_id : ""}});
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
  if (path.compare(0, 4, "new/") == 0 && !f->progress.attempts && f->message.envelope.with == "local") log_picked_up(f->message);
  auto job = std::make_unique<Job>();
  job->message = f->message;
  job->progress = f->progress;
  job->is_doubtful = job->progress.attempts > 0 || path.compare(0, 4, "new/") != 0 || file_ids_.count(f->message.id);
  job->file = std::move(*f);
  file_jobs_++;
  start_job(std::move(job));
}

}  // namespace jd::queue
