// SPDX-License-Identifier: MIT
#include "lib/store/importer.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/store/deriver.h"
#include "lib/store/uidl.h"

namespace jd::store {
namespace {
constexpr uint64_t batch_messages = 1000, batch_bytes = 64u << 20;
constexpr uint32_t last_uid = UINT32_MAX - 10'000;  // room for what is reserved ahead
}  // namespace

Result<FolderImport> FolderImport::begin(Account& a, const std::string& name, Numbering source, bool force) {
  CHECK(a.tree().refresh());
  if (!a.tree().find(name)) CHECK(a.tree().create(name));
  TRY(Folder * f, a.folder(name));
  CHECK(f->refresh());
  FolderImport i(a, *f);
  i.force_ = force;
  i.report_.folder = a.tree().find(f->id())->name;
  i.was_empty_ = f->state().entries().empty();
  CHECK(i.take_numbering(source));
  i.first_uid_ = f->state().uid_next();
  i.report_.uid_validity = f->state().uid_validity();
  if (!force) i.index();
  return i;
}

Status FolderImport::take_numbering(Numbering source) {
  if (!source.uid_validity) {
    report_.note = "the source has no UIDs";
    return {};
  }
  if (source.uid_next > last_uid) {
    report_.note = "the source's UIDs are near their end";
    return {};
  }
  uint32_t ours = folder_->state().uid_validity();
  if (ours != source.uid_validity && was_empty_) {
    auto r = account_->renumber(*folder_, source.uid_validity);
    if (!r && r.error().fault != Fault::perm) return r;  // perm: mail has just arrived
    ours = folder_->state().uid_validity();
  }
  if (ours != source.uid_validity) {
    report_.note = fmt::format("has mail under another UIDVALIDITY ({}, the source's is {}): new UIDs", ours, source.uid_validity);
    return {};
  }
  // A crash between the log and the tree is mended here.
  if (const FolderInfo* info = account_->tree().find(folder_->id()); info && info->uid_validity != ours)
    CHECK(account_->tree().set_uid_validity(folder_->id(), ours));
  source_ = source;
  report_.keeps_uids = true;
  return {};
}

void FolderImport::index() {
  auto& state = folder_->state();
  for (auto& e : state.entries()) before_[e.size][e.date].unread.push_back({e, false});
  state.gone().each([&](const Gone& g) { before_[g.entry.size][g.entry.date].unread.push_back({g.entry, true}); });
}

// Each message that was here before is read at most once, and only when one of its size and date comes.
Result<const FolderImport::Known*> FolderImport::known(const PortableMessage& m) {
  auto by_size = before_.find(m.bytes.size());
  if (by_size == before_.end()) return nullptr;
  std::string digest = blake2b(m.bytes);
  for (auto& [date, bucket] : by_size->second) {
    if (m.date && date != m.date) continue;
    for (auto& k : bucket.unread) {
      auto bytes = account_->segments().message(k.entry);
      if (!bytes && bytes.error().fault == Fault::temp) return Unexpected(bytes.error());
      if (bytes) bucket.read[blake2b(*bytes)].push_back(k);  // a damaged one matches nothing
    }
    bucket.unread.clear();
    auto same = bucket.read.find(digest);
    if (same == bucket.read.end()) continue;
    // Its own UID first, then what is there, then what was expunged.
    auto better = [&](const Known& x, const Known& y) {
      auto rank = [&](const Known& k) { return k.is_gone ? 2 : report_.keeps_uids && k.entry.uid == m.uid ? 0 : 1; };
      return rank(x) < rank(y);
    };
    auto best = std::min_element(same->second.begin(), same->second.end(), better);
    match_ = *best;
    *best = same->second.back();
    same->second.pop_back();
    if (same->second.empty()) bucket.read.erase(same);
    return &match_;
  }
  // The same UID and bytes, the date changed: still the same.
  const Entry* e = report_.keeps_uids && m.uid && m.uid < first_uid_ ? folder_->state().find(m.uid) : nullptr;
  if (!e || e->size != m.bytes.size()) return nullptr;
  auto bytes = account_->segments().message(*e);
  if (!bytes || *bytes != m.bytes) return nullptr;
  match_ = {*e, false};
  return &match_;
}

std::vector<std::string> FolderImport::usable_keywords(const std::vector<std::string>& given) {
  std::vector<std::string> r;
  std::size_t fresh = 0;
  for (auto& k : given) {
    bool is_new = folder_->state().keyword_bit(k) < 0;
    if (!is_keyword(k) || (is_new && folder_->state().keywords().size() + fresh >= max_keywords)) {
      report_.keywords_left_out++;
      continue;
    }
    fresh += is_new;
    r.push_back(k);
  }
  return r;
}

Result<FolderImport::Outcome> FolderImport::add(const PortableMessage& m, bool may_wait) {
  if (!force_) {
    TRY(const Known* k, known(m));
    if (k) {
      (k->is_gone ? report_.expunged : report_.present)++;
      if (!k->is_gone) name(k->entry.uid, m.uidl);
      return k->is_gone ? Outcome::expunged : Outcome::present;
    }
  }
  if (may_wait && report_.keeps_uids && m.uid && m.uid < folder_->state().uid_next()) return Outcome::later;
  NewMessage n;
  n.bytes = m.bytes;
  n.flags = m.flags;
  n.keywords = usable_keywords(m.keywords);
  n.date = m.date;
  if (report_.keeps_uids && m.uid <= last_uid) n.uid = m.uid;
  TRY(uint32_t uid, folder_->append(n, false));
  report_.added++;
  name(uid, m.uidl);
  if (m.uid && uid != m.uid) report_.renumbered++;
  if (m.is_recent && (!recent_from_ || uid < recent_from_)) recent_from_ = uid;
  unsynced_bytes_ += m.bytes.size();
  if (++unsynced_ >= batch_messages || unsynced_bytes_ >= batch_bytes) {
    CHECK(folder_->sync());
    unsynced_ = unsynced_bytes_ = 0;
  }
  return Outcome::added;
}

Status FolderImport::pass_uid_next() {
  return report_.keeps_uids && source_.uid_next ? folder_->skip_to(source_.uid_next) : Status{};
}

void FolderImport::name(uint32_t uid, const std::string& uidl) {
  if (!uidl.empty() && folder_->id() == inbox_id) names_.emplace_back(uid, uidl);
}

// Behind the messages: a client that sees names of ours in between fetches twice, but none of the other's names is lost.
Status FolderImport::keep_names() {
  if (names_.empty()) return {};
  TRY(auto hold, account_->lock().hold());
  TRY(Uidls all, read_uidls(account_->dir(), folder_->state().uid_validity()));
  auto before = all.size();
  for (auto& [uid, uidl] : names_) (all.add(uid, uidl) ? report_.uidls : report_.uidls_left_out)++;
  return all.size() == before ? Status{} : write_uidls(account_->dir(), all);
}

Status FolderImport::finish() {
  CHECK(folder_->sync());
  CHECK(keep_names());
  CHECK(pass_uid_next());
  if (was_empty_) CHECK(folder_->set_recent(recent_from_ ? recent_from_ : folder_->state().uid_next()));
  if (auto made = derive(*account_, *folder_, [] { return true; }); !made)
    log::failure("derived_not_kept", made.error(), {{"folder", report_.folder}});
  return {};
}

}  // namespace jd::store
