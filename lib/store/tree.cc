// SPDX-License-Identifier: MIT
#include "lib/store/tree.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/store/folder_log.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr std::size_t max_name = 500, max_levels = 50, max_folders = 10'000;

std::string canonical(std::string_view name) {
  if (iequals(name, "INBOX")) return "INBOX";
  if (name.size() > 6 && istarts_with(name, "INBOX/")) return "INBOX" + std::string(name.substr(5));
  return std::string(name);
}

Status check_name(const std::string& name) {
  if (name.empty() || name.size() > max_name) return fail(Fault::perm, "a folder name has 1 to {} bytes", max_name);
  if (!is_utf8(name)) return fail(Fault::perm, "a folder name must be UTF-8");
  auto levels = split(name, '/');
  if (levels.size() > max_levels) return fail(Fault::perm, "folders nest at most {} deep", max_levels);
  for (auto l : levels)
    if (l.empty() || std::any_of(l.begin(), l.end(), is_ctl) || l == "." || l == "..")
      return fail(Fault::perm, "'{}' is not a folder name", escape(name));
  return {};
}
}  // namespace

std::string_view special_name(Special s) {
  static const char* names[] = {"", "\\Drafts", "\\Sent", "\\Junk", "\\Trash", "\\Archive"};
  return names[static_cast<std::size_t>(s)];
}

Result<Tree> Tree::open(int dir, AccountLock& lock) {
  Tree t(dir, lock);
  auto r = journal::SegmentReader::open(dir, "tree");
  if (!r && (r.error().sys == ENOENT || r.error().sys == ENODATA)) {
    CHECK(t.make());
    r = journal::SegmentReader::open(dir, "tree");
  }
  if (!r) return wrap(Result<Tree>(Unexpected(r.error())), "cannot open the folder list");
  t.reader_ = std::move(*r);
  CHECK(t.refresh());
  return t;
}

namespace {
// Before the tree speaks of it.  What a crash leaves of one that is in no tree the next with this id replaces.
Status make_log(int dir, uint32_t id, uint32_t uid_validity) {
  FolderState empty;
  empty.init(uid_validity);
  return write_folder_log(dir, id, empty, 0);
}

// The log of a folder that a tree knew which was lost.
bool has_changes(int dir, uint32_t id) {
  auto log = journal::SegmentReader::open(dir, folder_log_name(id));
  if (!log) return log.error().sys != ENOENT && log.error().sys != ENODATA;
  for (;;) {
    auto record = log->next();
    if (!record || !*record) return !record;
    if ((*record)->type != type_state) return true;
  }
}
}  // namespace

// Written whole under another name, so that nobody ever sees a tree without INBOX.
Status Tree::make() {
  TRY(auto hold, lock_->hold());
  auto there = journal::SegmentReader::open(dir_, "tree");
  if (there) return {};  // another process was faster
  CHECK(file::unlink(dir_, "tree.tmp"));
  TRY(auto w, journal::SegmentWriter::create(dir_, "tree.tmp", {kind_tree, 1, 0, true}));
  auto validity = static_cast<uint32_t>(now().seconds());
  struct First { const char* name; Special special; };
  uint32_t id = 0;
  for (First f : {First{"INBOX", Special::none}, {"Drafts", Special::drafts}, {"Sent", Special::sent},
                  {"Junk", Special::junk}, {"Trash", Special::trash}, {"Archive", Special::archive}}) {
    std::string p;
    if (!has_changes(dir_, ++id)) CHECK(make_log(dir_, id, validity));
    put(p, id);
    put(p, validity++);
    put(p, static_cast<uint8_t>(f.special));
    CHECK(w.append(type_create, 0, 0, {p, f.name}));
    CHECK(w.append(type_subscribe, 0, 0, {f.name}));
  }
  CHECK(sync_folder_names(dir_));
  CHECK(w.commit());
  CHECK(file::rename(dir_, "tree.tmp", "tree"));
  return file::sync_directory(dir_);
}

bool Tree::is_current() const {
  auto size = file::size_of(reader_->fd());
  return size && (*size == reader_->tell() || *size == tail_end_);
}

Status Tree::settle() {
  CHECK(refresh());
  TRY(tail_end_, file::size_of(reader_->fd()));
  return {};
}

Status Tree::refresh() {
  for (;;) {
    TRY(auto record, reader_->next());
    if (!record) return {};
    apply(record->type, record->payload);
  }
}

void Tree::apply(uint16_t type, std::string_view p) {
  uint32_t id, validity;
  uint8_t special;
  switch (type) {
    case type_create: {
      if (!take(p, id) || !take(p, validity) || !take(p, special) || special > 5) return;
      folders_[id] = {id, validity, static_cast<Special>(special), std::string(p)};
      by_name_[std::string(p)] = id;
      removed_.erase(id);
      last_id_ = std::max(last_id_, id);
      last_validity_ = std::max(last_validity_, validity);
      return;
    }
    case type_rename: {
      if (!take(p, id) || !folders_.count(id)) return;
      by_name_.erase(folders_[id].name);
      folders_[id].name = p;
      by_name_[std::string(p)] = id;
      return;
    }
    case type_remove: {
      int64_t when;
      if (!take(p, id)) return;
      if (!take(p, when)) when = 0;
      if (auto i = removed_.find(id); i != removed_.end()) i->second.when = when;
      if (!folders_.count(id)) return;
      by_name_.erase(folders_[id].name);
      removed_[id] = {folders_[id], when};
      folders_.erase(id);
      acls_.erase(id);
      return;
    }
    case type_rights: {
      uint16_t bits;
      if (!take(p, id) || !take(p, bits) || p.empty() || !folders_.count(id)) return;
      Acl& acl = acls_[id];
      if (Rights rights(bits); !rights.empty()) acl[std::string(p)] = rights;
      else acl.erase(std::string(p));
      if (acl.empty()) acls_.erase(id);
      return;
    }
    case type_forget: {
      if (!take(p, id) || folders_.count(id)) return;
      removed_.erase(id);
      forgotten_.insert(id);
      return;
    }
    case type_subscribe: subscribed_.insert(std::string(p)); return;
    case type_unsubscribe: subscribed_.erase(std::string(p)); return;
    default: return;
  }
}

const FolderInfo* Tree::find(std::string_view name) const {
  auto i = by_name_.find(canonical(name));
  return i == by_name_.end() ? nullptr : find(i->second);
}
const FolderInfo* Tree::find(uint32_t id) const {
  auto i = folders_.find(id);
  return i == folders_.end() ? nullptr : &i->second;
}
const FolderInfo* Tree::find(Special s) const {
  for (auto& [id, f] : folders_)
    if (f.special == s) return &f;
  return nullptr;
}

const Acl& Tree::acl(uint32_t id) const {
  static const Acl none;
  auto i = acls_.find(id);
  return i == acls_.end() ? none : i->second;
}

Status Tree::write(uint16_t type, const std::string& payload) {
  if (!writer_ || writer_->is_broken()) {
    TRY(auto w, journal::SegmentWriter::append_to(dir_, "tree"));
    writer_ = std::move(w);
  }
  CHECK(writer_->refresh());
  CHECK(writer_->append(type, 0, 0, {payload}));
  CHECK(writer_->commit());
  return refresh();
}

Result<uint32_t> Tree::create_one(const std::string& name, Special s) {
  if (folders_.size() >= max_folders) return fail(Fault::perm, "no more than {} folders", max_folders);
  std::string p;
  uint32_t id = last_id_ + 1, validity = std::max(static_cast<uint32_t>(now().seconds()), last_validity_ + 1);
  while (has_changes(dir_, id)) id++;
  CHECK(make_log(dir_, id, validity));
  CHECK(sync_folder_names(dir_));
  put(p, id);
  put(p, validity);
  put(p, static_cast<uint8_t>(s));
  CHECK(write(type_create, p + name));
  // RFC 4314 §4.  What a crash leaves without them is the owner's alone.
  const FolderInfo* above = find(std::string_view(name).substr(0, name.rfind('/') == name.npos ? 0 : name.rfind('/')));
  if (above)
    for (auto& [who, rights] : Acl(acl(above->id))) CHECK(write_rights(id, who, rights));
  return id;
}

Status Tree::write_rights(uint32_t id, const std::string& identifier, Rights rights) {
  std::string p;
  put(p, id);
  put(p, rights.bits());
  return write(type_rights, p + identifier);
}

Status Tree::set_rights(uint32_t id, const std::string& identifier, Rights rights) {
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  const FolderInfo* f = find(id);
  if (!f) return fail(Fault::perm, "no folder {}", id);
  auto& there = acl(id);
  auto i = there.find(identifier);
  if (identifier.empty() || identifier.size() > max_identifier) return fail(Fault::perm, "an identifier has 1 to {} bytes", max_identifier);
  if ((i == there.end() ? Rights() : i->second) == rights) return {};
  if (i == there.end() && there.size() >= max_acl) return fail(Fault::perm, "no more than {} identifiers for a folder", max_acl);
  return write_rights(id, identifier, rights);
}

Result<uint32_t> Tree::create(std::string_view given, Special s) {
  std::string name = canonical(given);
  if (name.ends_with('/')) name.pop_back();  // RFC 3501 §6.3.3: a name that will have levels below
  CHECK(check_name(name));
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  if (find(name)) return fail(Fault::perm, "folder '{}' exists", name);
  CHECK(make_levels_above(name));
  return create_one(name, s);
}

Status Tree::make_levels_above(const std::string& name) {
  for (auto i = name.find('/'); i != name.npos; i = name.find('/', i + 1))
    if (!find(std::string_view(name).substr(0, i))) CHECK(create_one(name.substr(0, i), Special::none));
  return {};
}

Status Tree::rename(std::string_view from_name, std::string_view to_name) {
  std::string from = canonical(from_name), to = canonical(to_name);
  CHECK(check_name(to));
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  const FolderInfo* f = find(from);
  if (!f) return fail(Fault::perm, "no folder '{}'", from);
  if (f->id == inbox_id) return fail(Fault::usage, "INBOX stays");
  if (find(to)) return fail(Fault::perm, "folder '{}' exists", to);
  if (to.starts_with(from + "/")) return fail(Fault::perm, "a folder cannot move below itself");
  CHECK(make_levels_above(to));
  std::vector<std::pair<uint32_t, std::string>> moves;
  for (auto& [id, info] : folders_) {
    if (info.name == from) moves.insert(moves.begin(), {id, to});
    else if (info.name.starts_with(from + "/")) moves.push_back({id, to + info.name.substr(from.size())});
  }
  for (auto& [id, name] : moves) {
    CHECK(check_name(name));
    std::string p;
    put(p, id);
    CHECK(write(type_rename, p + name));
  }
  return {};
}

Status Tree::remove(std::string_view name) {
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  const FolderInfo* f = find(name);
  if (!f) return fail(Fault::perm, "no folder '{}'", escape(name));
  if (f->id == inbox_id) return fail(Fault::perm, "INBOX cannot be deleted");
  lock_->forget_usage();
  std::string p;
  put(p, f->id);
  put(p, now().seconds());
  return write(type_remove, p);
}

Status Tree::restore(uint32_t id, std::string_view given) {
  std::string name = canonical(given);
  CHECK(check_name(name));
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  auto i = removed_.find(id);
  if (i == removed_.end()) return fail(Fault::perm, "no deleted folder {}", id);
  if (find(name)) return fail(Fault::perm, "folder '{}' exists", name);
  if (folders_.size() >= max_folders) return fail(Fault::perm, "no more than {} folders", max_folders);
  CHECK(make_levels_above(name));
  lock_->forget_usage();
  Special special = find(i->second.special) ? Special::none : i->second.special;
  std::string p;
  put(p, id);
  put(p, i->second.uid_validity);
  put(p, static_cast<uint8_t>(special));
  return write(type_create, p + name);
}

Status Tree::forget(uint32_t id) {
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  if (!removed_.count(id)) return {};
  std::string p;
  put(p, id);
  return write(type_forget, p);
}

Status Tree::set_removed(uint32_t id, int64_t when) {
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  if (!removed_.count(id)) return fail(Fault::perm, "no deleted folder {}", id);
  std::string p;
  put(p, id);
  put(p, when);
  return write(type_remove, p);
}

Status Tree::subscribe(std::string_view given, bool on) {
  std::string name = canonical(given);
  CHECK(check_name(name));
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  if (subscribed_.count(name) == on) return {};
  if (on && subscribed_.size() >= max_folders) return fail(Fault::perm, "no more than {} subscriptions", max_folders);
  return write(on ? type_subscribe : type_unsubscribe, name);
}

Status Tree::set_uid_validity(uint32_t id, uint32_t uid_validity) {
  TRY(auto hold, lock_->hold());
  CHECK(refresh());
  const FolderInfo* f = find(id);
  if (!f) return fail(Fault::perm, "no folder {}", id);
  std::string p;
  put(p, id);
  put(p, uid_validity);
  put(p, static_cast<uint8_t>(f->special));
  return write(type_create, p + f->name);
}

}  // namespace jd::store
