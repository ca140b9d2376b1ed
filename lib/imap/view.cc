// SPDX-License-Identifier: MIT
#include "lib/imap/view.h"

#include <algorithm>

#include <fmt/format.h>

namespace jd::imap {

using store::Entry;

namespace {
struct Named { store::Flag flag; const char* name; };
constexpr Named system_flags[] = {{store::answered, "\\Answered"}, {store::flagged, "\\Flagged"},
                                  {store::deleted, "\\Deleted"}, {store::seen, "\\Seen"}, {store::draft, "\\Draft"}};
}  // namespace

Status View::open() {
  CHECK(folder_->refresh());
  uid_validity_ = folder_->state().uid_validity();
  bool any = false;
  take_arrivals(any);
  seen_ = folder_->state().mod_seq();
  keywords_ = folder_->state().keywords().size();
  if (!read_only_ && recent()) CHECK(folder_->set_recent(last_uid_ + 1));
  return {};
}

std::size_t View::recent() const {
  return static_cast<std::size_t>(std::count_if(messages_.begin(), messages_.end(), [](const Seen& m) { return m.recent; }));
}

void View::take_arrivals(bool& any) {
  auto& all = folder_->state().entries();
  auto from = std::upper_bound(all.begin(), all.end(), last_uid_, [](uint32_t u, const Entry& e) { return u < e.uid; });
  any = from != all.end();
  for (auto e = from; e != all.end(); ++e) {
    messages_.push_back({e->uid, e->uid >= folder_->state().recent()});
    last_uid_ = e->uid;
  }
}

void View::drop_expunged(std::string& out) {
  auto& all = folder_->state().entries();
  auto e = all.begin();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    while (e != all.end() && e->uid < messages_[i].uid) ++e;
    if (e != all.end() && e->uid == messages_[i].uid) messages_[kept++] = messages_[i];
    else out += fmt::format("* {} EXPUNGE\r\n", kept + 1);
  }
  messages_.resize(kept);
}

void View::say_flags(std::string& out, uint32_t upto, bool uid) {
  auto& all = folder_->state().entries();
  auto e = all.begin();
  for (std::size_t i = 0; i < messages_.size() && messages_[i].uid <= upto; ++i) {
    while (e != all.end() && e->uid < messages_[i].uid) ++e;
    if (e == all.end() || e->uid != messages_[i].uid || e->mod_seq <= seen_ || e->mod_seq == known_) continue;
    out += fmt::format("* {} FETCH (", i + 1);
    if (uid) out += fmt::format("UID {} ", e->uid);
    out += fmt::format("FLAGS {})\r\n", flags(*e, messages_[i].recent));
  }
}

void View::say_keywords(std::string& out) {
  if (folder_->state().keywords().size() == keywords_) return;
  keywords_ = folder_->state().keywords().size();
  out += "* FLAGS (" + all_flags() + ")\r\n";
}

Status View::sync(std::string& out, Say say) {
  CHECK(folder_->refresh());
  auto& state = folder_->state();
  if (is_renumbered()) return {};  // the session ends
  if (state.mod_seq() == seen_ && state.entries().size() == messages_.size()) return {};
  if (say.expunge) drop_expunged(out);
  uint32_t before = last_uid_;
  bool any = false;
  take_arrivals(any);
  if (any) {
    out += fmt::format("* {} EXISTS\r\n* {} RECENT\r\n", messages_.size(), recent());
    if (!read_only_ && messages_.back().recent) CHECK(folder_->set_recent(last_uid_ + 1));
  }
  say_keywords(out);
  if (state.mod_seq() != seen_) say_flags(out, before, say.uid);
  seen_ = state.mod_seq();
  return {};
}

std::optional<std::vector<std::size_t>> View::resolve(const SequenceSet& set, bool by_uid) const {
  std::vector<std::pair<std::size_t, std::size_t>> runs;  // half open
  std::size_t n = messages_.size();
  auto at_least = [&](uint32_t uid) {
    auto i = std::lower_bound(messages_.begin(), messages_.end(), uid, [](const Seen& m, uint32_t u) { return m.uid < u; });
    return static_cast<std::size_t>(i - messages_.begin());
  };
  for (auto [a, b] : set) {
    if (by_uid) {
      if (n == 0) continue;
      // `*` is the last message, also when the other end lies above it.
      if (b == UINT32_MAX) a = std::min(a, messages_.back().uid);
      runs.emplace_back(at_least(a), b == UINT32_MAX ? n : at_least(b + 1));
    } else {
      if (a == UINT32_MAX) a = static_cast<uint32_t>(n);
      if (b == UINT32_MAX) b = static_cast<uint32_t>(n);
      if (a > b) std::swap(a, b);
      if (a == 0 || b > n) return {};
      runs.emplace_back(a - 1, b);
    }
  }
  std::sort(runs.begin(), runs.end());
  std::vector<std::size_t> out;
  std::size_t next = 0;
  for (auto [a, b] : runs)
    for (std::size_t i = std::max(a, next); i < b; ++i) out.push_back(i), next = i + 1;
  return out;
}

const Entry* View::entry(std::size_t index) const {
  uint32_t uid = messages_[index].uid;
  if (const Entry* e = folder_->state().find(uid)) return e;
  auto& gone = folder_->state().gone();
  if (gone_seq_ != folder_->state().mod_seq() || gone_.size() != gone.size()) {
    gone_.clear();
    for (std::size_t i = 0; i < gone.size(); ++i) gone_.emplace_back(gone[i].entry.uid, i);
    std::sort(gone_.begin(), gone_.end());
    gone_seq_ = folder_->state().mod_seq();
  }
  auto at = std::lower_bound(gone_.begin(), gone_.end(), std::pair<uint32_t, std::size_t>(uid, 0));
  if (at != gone_.end() && at->first == uid) return &gone[at->second].entry;
  return nullptr;
}

std::string View::flags(const Entry& e, bool recent) const {
  std::string out = "(";
  auto add = [&](std::string_view name) {
    if (out.size() > 1) out += ' ';
    out += name;
  };
  for (auto& f : system_flags)
    if (e.flags & f.flag) add(f.name);
  if (recent) add("\\Recent");
  auto& names = folder_->state().keywords();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (e.keywords >> i & 1) add(names[i]);
  return out + ")";
}

std::string View::all_flags() const {
  std::string out;
  for (auto& f : system_flags) out += (out.empty() ? "" : " ") + std::string(f.name);
  for (auto& k : folder_->state().keywords()) out += " " + k;
  return out;
}

}  // namespace jd::imap
