// SPDX-License-Identifier: MIT
// What the operator asks and orders, while everything runs.
#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {
namespace {
constexpr std::size_t max_page = 1000;
constexpr std::size_t max_looked_at = 200'000;  // files per page, so that a rare match ends some time
constexpr std::size_t header_shown = 32 << 10;

Runner::Item item_of(const std::string& state, const Message& m, const Progress& p, Time due) {
  Runner::Item i;
  i.id = m.id;
  i.state = state;
  i.sender = m.envelope.reverse_path;
  i.size = m.length;
  i.attempts = p.attempts;
  i.received = m.envelope.received;
  i.due = due;
  for (std::size_t n = 0; n < m.envelope.recipients.size(); n++) {
    if (n < p.status.size() && p.status[n] != RcptStatus::queued) continue;
    i.recipients.push_back(m.envelope.recipients[n].address);
    if (i.reason.empty() && n < p.errors.size() && !p.errors[n].text.empty())
      i.reason = trim(p.errors[n].host + " " + p.errors[n].code + " " + p.errors[n].text);
  }
  return i;
}

// Of a file in deferred/; zero for others.
Time due_of(const std::string& path) {
  if (path.compare(0, 9, "deferred/") != 0) return {};
  return from_seconds(::strtoll(path.substr(path.rfind('/') + 1, 8).c_str(), nullptr, 16));
}

bool fits(const Runner::Filter& f, const Runner::Item& i) {
  if (!f.sender.empty() && ifind(i.sender, f.sender) == std::string::npos) return false;
  if (f.recipient.empty()) return true;
  return std::any_of(i.recipients.begin(), i.recipients.end(), [&](auto& r) {
    return ifind(r, f.recipient) != std::string::npos;
  });
}

Unexpected unknown(const std::string& id) {
  return fail(Fault::perm, "no message {} in the queue", escape(id));
}
}  // namespace

Runner::Job* Runner::active_job(const std::string& id) {
  auto it = active_ids_.find(id);
  return it == active_ids_.end() ? nullptr : jobs_.at(it->second).get();
}

// Active ones first, then files by path; the cursor is the path (or "active:" and an id) of the last.
Result<Runner::Page> Runner::list(const Filter& f) {
  Page page;
  std::size_t limit = std::clamp<std::size_t>(f.limit, 1, max_page);
  auto add = [&](Item i, const std::string& cursor) {
    if (!fits(f, i)) return;
    page.items.push_back(std::move(i));
    page.next = cursor;
  };
  auto full = [&] { return page.items.size() >= limit; };
  bool in_files = !f.after.empty() && f.after.compare(0, 7, "active:") != 0;
  if (!in_files && (f.state.empty() || f.state == "active")) {
    std::vector<std::string> ids;
    for (auto& [id, n] : active_ids_)
      if (f.after.empty() || id > f.after.substr(7)) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (auto& id : ids) {
      if (full()) return page;
      Job* job = active_job(id);
      add(item_of("active", job->message, job->progress, {}), "active:" + id);
    }
  }
  std::size_t looked_at = 0;
  // True: the page is full.  paths are sorted, and so are the areas and slots.
  auto look = [&](const std::string& state, const std::vector<std::string>& paths) {
    for (auto& path : paths) {
      if (in_files && path <= f.after) continue;
      if (full()) return true;
      if (++looked_at > max_looked_at) {
        page.next = path;
        return true;
      }
      auto q = store_.load(path);
      if (q && !active_ids_.count(q->message.id)) add(item_of(state, q->message, q->progress, due_of(path)), path);
    }
    return false;
  };
  if (f.state.empty() || f.state == "deferred") {
    TRY(auto slots, store_.list_slots());
    for (auto slot : slots) {
      if (in_files && f.after > FileStore::deferred_path((slot + 1) * slot_seconds, "")) continue;
      TRY(auto waiting, store_.list_slot(slot));
      std::vector<std::string> paths;
      for (auto& w : waiting) paths.push_back(FileStore::deferred_path(w.due, w.id));
      if (look("deferred", paths)) return page;
    }
  }
  if (f.state.empty() || f.state == "hold") {
    TRY(auto held, store_.list_held());
    if (look("hold", held)) return page;
  }
  if (f.state.empty() || f.state == "new") {
    TRY(auto fresh, store_.list_new());
    if (look("new", fresh)) return page;
  }
  page.next.clear();
  return page;
}

Result<std::string> Runner::find_file(const std::string& id) {
  if (id.empty() || id.size() > 100 || !std::all_of(id.begin(), id.end(), is_alnum)) return unknown(id);
  for (const char* area : {"new/", "hold/"}) {
    auto fd = file::open(store_.root(), area + id, O_RDONLY);
    if (fd) return area + id;
    if (fd.error().sys != ENOENT) return Unexpected(fd.error());
  }
  TRY(auto slots, store_.list_slots());
  for (auto slot : slots) {
    TRY(auto waiting, store_.list_slot(slot));
    for (auto& w : waiting)
      if (w.id == id) return FileStore::deferred_path(w.due, w.id);
  }
  return unknown(id);
}

Result<Runner::Details> Runner::show(const std::string& id) {
  Details d;
  Message m;
  if (Job* job = active_job(id)) {
    m = job->message;
    d.progress = job->progress;
    d.item = item_of("active", m, d.progress, {});
  } else {
    TRY(std::string path, find_file(id));
    TRY(QueueFile f, store_.load(path));
    m = f.message;
    d.progress = f.progress;
    d.item = item_of(path.substr(0, path.find('/')), m, d.progress, due_of(path));
  }
  d.envelope = m.envelope;
  TRY(std::string start, m.read(0, header_shown));
  d.header = start.substr(0, std::min(mime::header_size(start), start.size()));
  return d;
}

Status Runner::retry(const std::string& id) {
  if (active_job(id)) return {};
  TRY(std::string path, find_file(id));
  if (path.compare(0, 5, "hold/") == 0) return fail(Fault::perm, "message {} is held: release it", id);
  flush_files_.push_front(path);
  scheduler_.revive();
  return {};
}

Status Runner::hold(const std::string& id) {
  if (Job* job = active_job(id)) {
    job->want_hold = true;  // what is under way ends first
    return {};
  }
  TRY(std::string path, find_file(id));
  if (path.compare(0, 5, "hold/") == 0) return {};
  TRY(QueueFile f, store_.load(path));
  log::warn("held", {{"qid", id}});
  return store_.move(f, "hold");
}

Status Runner::release(const std::string& id) {
  if (Job* job = active_job(id)) {
    job->want_hold = false;
    return {};
  }
  TRY(std::string path, find_file(id));
  if (path.compare(0, 5, "hold/") != 0) return fail(Fault::perm, "message {} is not held", id);
  TRY(QueueFile f, store_.load(path));
  CHECK(store_.move(f, "new"));
  log::info("released", {{"qid", id}});
  flush_files_.push_back(f.path);
  return {};
}

Status Runner::remove(const std::string& id) {
  if (Job* job = active_job(id)) {
    job->want_removal = true;
    for (std::size_t i = 0; i < job->targets.size(); i++)
      if (job->targets[i].state == Target::State::waiting)
        settle(*job, i, {0, Fate::temp, "", "", "removed by the operator", false});
    return {};
  }
  TRY(std::string path, find_file(id));
  CHECK(store_.remove(path));
  log::Trace trace(id);
  log::info("removed", {{"qid", id}, {"reason", "by the operator"}});
  return {};
}

Result<std::size_t> Runner::flush() {
  TRY(auto slots, store_.list_slots());
  due_.clear();  // they are among those listed
  flush_files_.clear();
  for (auto slot : slots) {
    TRY(auto waiting, store_.list_slot(slot));
    for (auto& w : waiting) flush_files_.push_back(FileStore::deferred_path(w.due, w.id));
  }
  scheduler_.revive();
  return flush_files_.size();
}

void Runner::set_limit(const std::string& destination, unsigned max) {
  if (destination.empty()) scheduler_.set_max(max);
  else scheduler_.set_max(lower(destination), max);
}

Runner::Stats Runner::stats() {
  Stats s = stats_;
  s.active = jobs_.size();
  s.due = due_.size() + flush_files_.size() + new_files_.size() + retry_files_.size();
  s.local = local_active_;
  s.remote = scheduler_.active();
  s.waiting = local_waiting_.size() + scheduler_.waiting();
  s.segments = segments_.size();
  s.moving = moving_.size();
  s.is_draining = draining_;
  if (!last_count_.ns || monotonic() - last_count_ > seconds(5)) {  // counting costs a look at each name
    last_count_ = monotonic();
    counted_files_ = 0;
    if (auto slots = store_.list_slots())
      for (auto slot : *slots)
        if (auto w = store_.list_slot(slot)) counted_files_ += w->size();
    if (auto held = store_.list_held()) counted_files_ += held->size();
    if (auto fresh = store_.list_new()) counted_files_ += fresh->size();
  }
  s.waiting_files = counted_files_;
  return s;
}

}  // namespace jd::queue
