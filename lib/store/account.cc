// SPDX-License-Identifier: MIT
#include "lib/store/account.h"

#include <errno.h>

#include <algorithm>
#include <set>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/store/uidl.h"

namespace jd::store {
namespace {
constexpr std::size_t max_deliveries = 100'000;  // remembered for replays; then they are read anew
}

std::string account_directory(std::string_view local, std::string_view domain) {
  return file_name_encode(domain) + "/" + file_name_encode(local);
}

Account::Account(std::string path, Fd dir, std::unique_ptr<AccountLock> lock, Tree tree)
    : path_(std::move(path)), dir_(std::move(dir)), lock_(std::move(lock)), segments_(dir_.get()), tree_(std::move(tree)) {}

Result<std::unique_ptr<Account>> Account::open(const std::string& path, bool create, const Terms& terms) {
  auto dir = file::open(path, O_RDONLY | O_DIRECTORY);
  if (!dir && create && dir.error().sys == ENOENT) {
    CHECK(file::make_directories(path));
    // Every level's entry must be as durable as the tree that make() will write below it.
    for (std::string up = path.substr(0, path.rfind('/')); up.size() > 1; up = up.substr(0, up.rfind('/'))) {
      TRY(Fd parent, file::open(up, O_RDONLY | O_DIRECTORY));
      CHECK(file::sync_directory(parent.get()));
      if (up.ends_with("/mail")) break;
    }
    dir = file::open(path, O_RDONLY | O_DIRECTORY);
  }
  if (!dir) return wrap(Result<std::unique_ptr<Account>>(Unexpected(dir.error())), "cannot open mailbox");
  TRY(auto lock, AccountLock::open(dir->get()));
  auto held = std::make_unique<AccountLock>(std::move(lock));
  TRY(auto tree, Tree::open(dir->get(), *held));
  auto a = std::unique_ptr<Account>(new Account(path, std::move(*dir), std::move(held), std::move(tree)));
  a->terms_ = terms;
  return a;
}

Result<std::unique_ptr<Account>> Account::open_shared(const std::string& path, bool may_write, const Terms& terms) {
  if (may_write) return open(path, false, terms);
  TRY(Fd dir, wrap(file::open(path, O_RDONLY | O_DIRECTORY), "cannot open mailbox"));
  auto lock = std::make_unique<AccountLock>(AccountLock::read_only(dir.get()));
  TRY(auto tree, Tree::open(dir.get(), *lock));
  auto a = std::unique_ptr<Account>(new Account(path, std::move(dir), std::move(lock), std::move(tree)));
  a->terms_ = terms;
  return a;
}

void Account::rest() {
  if (!segments_.has_room()) return;
  auto cut = [&]() -> Status {
    TRY(auto hold, lock_->hold());
    return segments_.cut_room();
  }();
  if (!cut) log::failure("room_not_cut", cut.error(), {{"account", path_}});  // who appends next uses it
}

Result<Folder*> Account::folder(uint32_t id) {
  auto i = folders_.find(id);
  if (i != folders_.end()) return i->second.get();
  const FolderInfo* info = tree_.find(id);
  if (!info) return fail(Fault::perm, "no folder {}", id);
  TRY(auto f, Folder::open(dir_.get(), *lock_, segments_, tree_, *info, terms_));
  return (folders_[id] = std::move(f)).get();
}

Result<Folder*> Account::removed_folder(uint32_t id) {
  auto i = tree_.removed().find(id);
  if (i == tree_.removed().end()) return fail(Fault::perm, "no deleted folder {}", id);
  if (auto there = folders_.find(id); there != folders_.end()) return there->second.get();
  TRY(auto f, Folder::open(dir_.get(), *lock_, segments_, tree_, i->second, terms_));
  return (folders_[id] = std::move(f)).get();
}

Result<uint32_t> Account::drop_removed() {
  TRY(auto hold, lock_->hold());
  CHECK(tree_.refresh());
  int64_t since = now().seconds() - terms_.keep_gone.seconds();
  std::vector<uint32_t> old, undated;
  for (auto& [id, info] : tree_.removed()) {
    if (!info.when) undated.push_back(id);
    else if (info.when < since) old.push_back(id);
  }
  for (uint32_t id : undated) CHECK(tree_.set_removed(id, now().seconds()));  // it is kept from now on
  for (uint32_t id : old) {
    folders_.erase(id);
    CHECK(tree_.forget(id));
  }
  auto names = file::list(dir_.get(), "box");
  if (!names && names.error().sys == ENOENT) return uint32_t{0};
  if (!names) return Unexpected(names.error());
  for (auto& n : *names) {
    auto id = to_number(std::string_view(n).substr(0, n.find('.')));
    if (id && tree_.forgotten().count(*id)) CHECK(file::unlink(dir_.get(), "box/" + n));
  }
  return static_cast<uint32_t>(old.size());
}

Result<Folder*> Account::folder(std::string_view name) {
  CHECK(tree_.refresh());
  const FolderInfo* info = tree_.find(name);
  if (!info) return fail(Fault::perm, "no folder '{}'", escape(name));
  return folder(info->id);
}

Result<std::vector<Folder*>> Account::kept_folders() {
  CHECK(tree_.refresh());
  std::vector<Folder*> r;
  for (auto& [id, info] : tree_.folders()) {
    TRY(Folder * f, folder(id));
    r.push_back(f);
  }
  for (auto& [id, info] : tree_.removed()) {
    TRY(Folder * f, removed_folder(id));
    r.push_back(f);
  }
  return r;
}

Status Account::rename_inbox(std::string_view to) {
  TRY(uint32_t id, tree_.create(to));
  TRY(Folder * from, folder(inbox_id));
  TRY(Folder * target, folder(id));
  UidSet all;
  CHECK(from->refresh());
  for (auto& e : from->state().entries()) all.add(e.uid);
  CHECK(target->copy_from(*from, all, true));
  return {};
}

Status Account::set_rights(uint32_t id, const std::string& identifier, Rights rights) {
  CHECK(tree_.set_rights(id, identifier, rights));
  return make_shared_logs();
}

Status Account::make_shared_logs() {
  for (auto& [id, acl] : tree_.acls()) CHECK(folder(id));
  return {};
}

// The log decides; a crash in between leaves a tree that is only asked when a log is lost.
Status Account::renumber(Folder& f, uint32_t uid_validity) {
  CHECK(f.renumber(uid_validity));
  return tree_.set_uid_validity(f.id(), uid_validity);
}

Result<Annotations> Account::annotations() { return read_annotations(dir_.get()); }

Status Account::annotate(const AnnotationChanges& changes) {
  TRY(auto hold, lock_->hold());
  CHECK(tree_.refresh());
  TRY(Annotations all, read_annotations(dir_.get()));
  for (auto& [key, value] : changes) {
    if (value) all[key] = *value;
    else all.erase(key);
  }
  std::erase_if(all, [&](auto& a) { return a.first.first && !tree_.find(a.first.first); });
  return write_annotations(dir_.get(), all);
}

Result<Usage> Account::usage() {
  if (auto u = lock_->usage()) return *u;
  if (lock_->is_read_only()) return count();
  TRY(auto hold, lock_->hold());
  if (auto u = lock_->usage()) return *u;
  return recount();
}

Result<Usage> Account::recount() {
  TRY(auto hold, lock_->hold());
  CHECK(tree_.settle());
  TRY(Usage u, count());
  lock_->set_usage(u);
  return u;
}

uint64_t Account::memory() const {
  uint64_t r = sizeof *this;
  for (auto& [id, f] : folders_) r += f->state().entries().size() * sizeof(Entry) + f->state().gone().bytes().size();
  return r;
}

Result<Usage> Account::count() {
  Usage u;
  CHECK(tree_.refresh());
  for (auto& [id, info] : tree_.folders()) {
    bool was_open = folders_.count(id) != 0;
    TRY(Folder * f, folder(id));
    CHECK(f->refresh());
    u.bytes += f->state().bytes();
    u.messages += f->state().entries().size();
    if (!was_open) folders_.erase(id);  // it may be one of thousands
  }
  return u;
}

Status Account::admit(const Quota& q, uint64_t bytes, uint64_t messages) {
  if (!q.is_there() || messages == 0) return {};
  TRY(Usage u, usage());
  std::string why;
  if (q.bytes && u.bytes + bytes > q.bytes)
    why = fmt::format("mailbox is full: {} of {} used, {} {}", size_text(u.bytes), size_text(q.bytes),
                      messages == 1 ? "this message has" : "these messages have", size_text(bytes));
  else if (q.messages && u.messages + messages > q.messages)
    why = fmt::format("mailbox is full: it has {} of {} messages", u.messages, q.messages);
  // More than all of the domain together is too much for one of it.
  else if ((q.domain_bytes && u.bytes + bytes > q.domain_bytes) || (q.domain_messages && u.messages + messages > q.domain_messages))
    why = "the mailboxes of this domain are full";
  if (why.empty()) return {};
  return Unexpected(Error(Fault::perm, why, EDQUOT));
}

// Its folder has it, or had it until it was expunged or the folder deleted: then it was delivered.
// A record that no folder ever knew is a delivery that was not finished.
Result<bool> Account::is_there(const Where& w) {
  auto f = folder(w.folder);
  if (!f) return true;
  CHECK((*f)->refresh());
  const Entry* e = (*f)->state().find(w.uid);
  if (e && e->stamp == w.stamp) return true;
  return (*f)->state().gone().any([&](const Gone& g) { return g.entry.stamp == w.stamp; });
}

Result<std::optional<Account::Delivered>> Account::find_delivery(const std::string& id, Time since) {
  // A file's time may lag behind the queue's by a clock step; a minute is cheap.
  since = since - minutes(1);
  if (!deliveries_ || since < deliveries_->since || deliveries_->by_id.size() > max_deliveries)
    deliveries_ = Deliveries{since, {}, {}, {}};
  deliveries_->used = monotonic();
  TRY(auto damage, segments_.scan(deliveries_->since, [&](const MailSegments::Found& m) {
    deliveries_->by_id.insert({m.meta.delivery, Where{m.meta.folder, m.meta.uid, m.stamp}});
    return true;
  }, &deliveries_->read));
  for (auto& d : damage) log::warn("store_damage", {{"what", d}});
  auto [i, end] = deliveries_->by_id.equal_range(id);
  for (; i != end; ++i) {
    TRY(bool there, is_there(i->second));
    if (there) return Delivered{i->second.folder, i->second.uid, true};
  }
  return std::optional<Delivered>();
}

Result<Account::Delivered> Account::deliver(const Delivery& d) {
  if (d.may_be_replay) {
    TRY(auto before, find_delivery(d.id, d.accepted));
    if (before) return *before;
  } else if (deliveries_ && monotonic() - deliveries_->used > minutes(1)) {
    deliveries_.reset();
  }
  uint64_t size = d.bytes.size() + (d.shared ? d.shared->bytes.size() : 0);
  CHECK(admit(d.quota, size, 1));
  if (d.admit) CHECK(d.admit());
  auto f = folder(d.folder);
  if (!f) f = folder(inbox_id);
  if (!f) return Unexpected(f.error());
  NewMessage m;
  m.bytes = d.bytes;
  m.shared = d.shared;
  m.flags = d.flags;
  m.keywords = d.keywords;
  m.delivery = d.id;
  TRY(uint32_t uid, (*f)->append(m, d.durable));
  if (d.shared) d.shared->source = path_ + "/" + large_name(d.shared->stamp);
  return Delivered{(*f)->id(), uid, false};
}

Result<Account::CheckReport> Account::check(bool repair) {
  CheckReport report;
  std::set<uint64_t> known;
  std::set<uint32_t> damaged;
  CHECK(tree_.refresh());
  for (auto& [id, info] : tree_.folders()) {
    TRY(Folder * f, folder(id));
    CHECK(f->refresh());
    for (auto& d : f->damage()) {
      report.findings.push_back(d);
      damaged.insert(id);
    }
    UidSet bad;
    for (auto& e : f->state().entries()) {
      report.messages++;
      known.insert(e.stamp);
      auto r = segments_.check(e);
      if (r) continue;
      report.findings.push_back(fmt::format("{} UID {}: {}", info.name, e.uid, r.error().what));
      if (r.error().sys != ENOTSUP) bad.add(e.uid);
    }
    f->state().gone().each([&](const Gone& g) { known.insert(g.entry.stamp); });
    if (repair && !bad.empty()) {
      CHECK(f->expunge(bad));
      report.repaired += bad.size();
    }
  }
  TRY(auto lost, find_lost(known, damaged, &report));
  TRY(Folder * inbox, folder(inbox_id));
  for (auto& m : lost) {
    report.findings.push_back(fmt::format("a message of {} bytes in segment {} at {} is in no folder", m.meta.size,
                                          m.ref.segment, m.ref.offset));
    if (!repair) continue;
    Entry e = entry_of(m);
    TRY(auto bytes, segments_.message(e));
    NewMessage again;
    again.bytes = bytes;
    again.date = m.meta.date;
    again.delivery = m.meta.delivery;
    CHECK(inbox->append(again, true));
    report.repaired++;
  }
  auto names = read_uidls(dir_.get(), inbox->state().uid_validity());
  if (!names && names.error().fault == Fault::temp) return Unexpected(names.error());
  if (!names) {
    report.findings.push_back(fmt::format("uidl: {}: POP3 clients are told no names until it is put back from a backup or repaired", names.error().what));
    if (repair) {
      CHECK(file::rename(dir_.get(), "uidl", "uidl.damaged"));
      CHECK(file::sync_directory(dir_.get()));
      report.repaired++;
    }
  }
  for (uint32_t id : damaged) {
    if (!repair) break;
    TRY(Folder * f, folder(id));
    CHECK(f->heal());
    report.repaired++;
  }
  return report;
}

// Records whose folders have lost entries.  One that a sound folder does not know was never
// acknowledged (a crash came between) or was expunged long ago: neither may come back.
Result<std::vector<MailSegments::Found>> Account::find_lost(const std::set<uint64_t>& known, const std::set<uint32_t>& damaged,
                                                            CheckReport* report) {
  std::map<std::string, std::optional<MailSegments::Found>> deliveries;  // null: there already
  std::vector<MailSegments::Found> lost;
  std::set<uint64_t> met;  // a record may be there twice when compaction was interrupted
  TRY(auto damage, segments_.scan(Time{}, [&](const MailSegments::Found& m) {
    bool is_delivery = m.meta.delivery != std::string(16, '\0');
    if (known.count(m.stamp)) {
      if (is_delivery) deliveries[m.meta.delivery] = std::nullopt;
    } else if (damaged.count(m.meta.folder)) {
      if (is_delivery) deliveries.try_emplace(m.meta.delivery, m);
      else if (met.insert(m.stamp).second) lost.push_back(m);
    }
    return true;
  }));
  for (auto& [id, m] : deliveries)
    if (m) lost.push_back(*m);
  for (auto& d : damage) report->findings.push_back(d);
  return lost;
}

}  // namespace jd::store
