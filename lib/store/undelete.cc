// SPDX-License-Identifier: MIT
#include "lib/store/undelete.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace jd::store {
namespace {

struct Source {
  Folder* folder;
  FolderInfo info;
  bool is_removed;
  int64_t removed;
};

Result<std::vector<Source>> sources(Account& a) {
  std::vector<Source> r;
  CHECK(a.tree().refresh());
  for (auto& [id, info] : a.tree().folders()) {
    TRY(Folder * f, a.folder(id));
    r.push_back({f, info, false, 0});
  }
  for (auto& [id, info] : a.tree().removed()) {
    TRY(Folder * f, a.removed_folder(id));
    r.push_back({f, info, true, info.when});
  }
  for (auto& s : r) CHECK(s.folder->refresh());
  return r;
}

Result<Folder*> folder_named(Account& a, const std::string& name) {
  CHECK(a.tree().refresh());
  if (!a.tree().find(name)) {
    CHECK(a.tree().create(name));
    CHECK(a.tree().subscribe(name, true));
  }
  return a.folder(name);
}
}  // namespace

Result<std::vector<DeletedMessage>> deleted_messages(Account& a) {
  TRY(auto all, sources(a));
  std::set<uint64_t> there;
  for (auto& s : all)
    if (!s.is_removed)
      for (auto& e : s.folder->state().entries()) there.insert(e.stamp);
  std::unordered_map<uint64_t, DeletedMessage> found;
  int64_t since = now().seconds() - a.terms().keep_gone.seconds();  // what is older may go at any time
  auto take = [&](const Source& s, const Entry& e, int64_t when) {
    if (there.count(e.stamp) || (when && when < since)) return;
    auto [i, is_new] = found.try_emplace(e.stamp);
    DeletedMessage& d = i->second;
    bool was_in_trash = !is_new && a.tree().find(Special::trash) && d.folder == a.tree().find(Special::trash)->id;
    bool is_trash = s.info.special == Special::trash;
    bool is_later = is_new || when >= d.when;
    // The folder it belongs to: the last one that was not the trash.
    if (is_new || was_in_trash || (is_later && !is_trash)) {
      d.folder = s.info.id;
      d.folder_name = s.info.name;
      d.is_folder_deleted = s.is_removed;
    }
    if (is_later) {
      d.entry = e;
      d.kept_in = s.info.id;
      d.when = when;
    }
  };
  for (auto& s : all) {
    s.folder->state().gone().each([&](const Gone& g) { take(s, g.entry, g.when); });
    if (s.is_removed)
      for (auto& e : s.folder->state().entries()) take(s, e, s.removed);
  }
  std::vector<DeletedMessage> r;
  for (auto& [stamp, d] : found) r.push_back(std::move(d));
  std::sort(r.begin(), r.end(), [](auto& x, auto& y) { return std::tie(x.when, x.kept_in, x.entry.uid, x.entry.stamp) < std::tie(y.when, y.kept_in, y.entry.uid, y.entry.stamp); });
  return r;
}

Result<uint64_t> undelete_messages(Account& a, const std::vector<DeletedMessage>& which, const std::string& to) {
  std::map<std::pair<std::string, uint32_t>, std::set<uint64_t>> work;  // by name of the target and folder that keeps them
  for (auto& d : which) work[{to.empty() ? d.folder_name : to, d.kept_in}].insert(d.entry.stamp);
  uint64_t done = 0;
  for (auto& [key, stamps] : work) {
    TRY(Folder * target, folder_named(a, key.first));
    bool is_removed = a.tree().removed().count(key.second) != 0;
    auto source = is_removed ? a.removed_folder(key.second) : a.folder(key.second);
    if (!source) return Unexpected(source.error());
    TRY(uint32_t n, target->restore_from(**source, stamps));
    done += n;
    if (!is_removed) continue;
    std::set<uint64_t> there;  // of a deleted folder: what it had when it was deleted, too
    for (auto& e : target->state().entries()) there.insert(e.stamp);
    UidSet uids;
    for (auto& e : (*source)->state().entries())
      if (stamps.count(e.stamp) && !there.count(e.stamp)) uids.add(e.uid);
    if (uids.empty()) continue;
    TRY(auto pairs, target->copy_from(**source, uids, false));
    done += pairs.size();
  }
  return done;
}

}  // namespace jd::store
