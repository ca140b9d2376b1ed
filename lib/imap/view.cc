// SPDX-License-Identifier: MIT
#include "lib/imap/view.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd::imap {

using store::Entry;

namespace {
struct Named { store::Flag flag; const char* name; };
constexpr Named system_flags[] = {{store::answered, "\\Answered"}, {store::flagged, "\\Flagged"},
                                  {store::deleted, "\\Deleted"}, {store::seen, "\\Seen"}, {store::draft, "\\Draft"}};
}  // namespace

void put_fetch_head(std::string& out, bool is_uid_only, std::size_t index, uint32_t uid, bool with_uid) {
  out += "* ";
  append_number(out, is_uid_only ? uid : index + 1);
  out += is_uid_only ? " UIDFETCH (" : " FETCH (";
  if (!with_uid || is_uid_only) return;
  out += "UID ";
  append_number(out, uid);
  out += ' ';
}

Status View::open() {
  CHECK(folder_->refresh());
  uid_validity_ = folder_->state().uid_validity();
  CHECK(claim_recent());
  take_arrivals();
  absorbed_ = folder_->state().mod_seq();
  seen_ = folder_->state().mod_seq();
  keywords_ = folder_->state().keywords().size();
  return {};
}

void View::known(uint64_t mod_seq, bool is_told) {
  known_ = mod_seq;
  others_ = is_told ? store::UidSet() : folder_->state().changed_since(seen_, mod_seq);
}

// The folder may have been refreshed in the middle of a command: what vanished meanwhile keeps its
// number.
void View::absorb() const {
  auto& state = folder_->state();
  if (absorbed_ == state.mod_seq()) return;
  std::size_t before = ghosts_.size();
  state.gone().each_after(absorbed_, [&](const store::Gone& g) {
    if (g.entry.uid <= last_uid_) ghosts_.push_back({0, g.entry});
  });
  absorbed_ = state.mod_seq();
  if (ghosts_.size() != before) place_ghosts();
}

void View::place_ghosts() const {
  auto& state = folder_->state();
  std::sort(ghosts_.begin(), ghosts_.end(), [](auto& a, auto& b) { return a.entry.uid < b.entry.uid; });
  for (std::size_t i = 0; i < ghosts_.size(); i++) ghosts_[i].index = state.first_at_least(ghosts_[i].entry.uid) + i;
}

// The first ghost that stands at that index or behind it.
std::vector<View::Ghost>::const_iterator View::ghost_at_least(std::size_t index) const {
  return std::lower_bound(ghosts_.begin(), ghosts_.end(), index, [](const Ghost& a, std::size_t i) { return a.index < i; });
}

const Entry* View::live(std::size_t index) const {
  absorb();
  auto& all = folder_->state().entries();
  if (ghosts_.empty()) return &all[index];
  auto g = ghost_at_least(index);
  if (g != ghosts_.end() && g->index == index) return nullptr;
  return &all[index - static_cast<std::size_t>(g - ghosts_.begin())];
}

const Entry* View::entry(std::size_t index) const {
  const Entry* e = live(index);
  return e ? e : &ghost_at_least(index)->entry;
}

std::size_t View::first_at_least(uint32_t uid) const {
  absorb();
  auto g = std::lower_bound(ghosts_.begin(), ghosts_.end(), uid, [](const Ghost& a, uint32_t u) { return a.entry.uid < u; });
  return std::min(size_, folder_->state().first_at_least(uid) + static_cast<std::size_t>(g - ghosts_.begin()));
}

std::size_t View::recent() const {
  std::size_t n = 0;
  for (auto& r : recent_.ranges()) n += first_at_least(r.last + 1) - first_at_least(r.first);
  return n;
}

// RFC 3501 §2.3.2: \Recent in this session alone.  To say so may show us what others did meanwhile, so
// it comes first: what is told then is all of one state.
Status View::claim_recent() {
  auto& state = folder_->state();
  while (takes_recent() && !state.entries().empty()) {
    uint32_t last = state.entries().back().uid, first = std::max(state.recent(), last_uid_ + 1);
    if (first > last) break;
    recent_.add(first, last);
    CHECK(folder_->set_recent(last + 1));
  }
  return {};
}

// How many; those that nobody has seen as \Recent are so here.
std::size_t View::take_arrivals() {
  auto& state = folder_->state();
  auto& all = state.entries();
  std::size_t from = arrivals_begin(), n = all.size() - from;
  if (n == 0) return 0;
  uint32_t last = all.back().uid, first_recent = std::max(state.recent(), last_uid_ + 1);
  if (first_recent <= last) recent_.add(first_recent, last);
  last_uid_ = last;
  size_ += n;
  return n;
}

void View::say_expunged(std::string& out, const Say& say) {
  if (!ghosts_.empty() && say.vanished) {
    store::UidSet uids;
    for (auto& g : ghosts_) uids.add(g.entry.uid);
    out += "* VANISHED " + uids.text() + "\r\n";
  } else {
    for (std::size_t i = 0; i < ghosts_.size(); i++) {
      out += "* ";
      append_number(out, ghosts_[i].index - i + 1);
      out += " EXPUNGE\r\n";
    }
  }
  size_ -= ghosts_.size();
  std::vector<Ghost>().swap(ghosts_);
}

// Those that nothing has asked about yet are told without being made ghosts, which takes a tenth of the memory.
void View::say_just_expunged(std::string& out, const Say& say) {
  auto& state = folder_->state();
  std::vector<uint32_t> uids;
  state.gone().each_after(absorbed_, [&](const store::Gone& g) {
    if (g.entry.uid <= last_uid_) uids.push_back(g.entry.uid);
  });
  absorbed_ = state.mod_seq();
  if (uids.empty()) return;
  std::sort(uids.begin(), uids.end());
  if (say.vanished) {
    store::UidSet set;
    for (auto u : uids) set.add(u);
    out += "* VANISHED " + set.text() + "\r\n";
  } else {
    for (auto u : uids) {
      out += "* ";
      append_number(out, state.first_at_least(u) + 1);
      out += " EXPUNGE\r\n";
    }
  }
  size_ -= uids.size();
}

void View::put_flags(std::string& out, std::size_t index, const Entry& e, const Say& say) const {
  if (e.mod_seq <= seen_ || (e.mod_seq == known_ && others_ && !others_->contains(e.uid))) return;
  put_fetch_head(out, say.uid_only, index, e.uid, say.uid || say.mod_seq);
  if (say.mod_seq) out += fmt::format("MODSEQ ({}) ", e.mod_seq);
  out += "FLAGS ";
  out += flags(e, say.recent && recent_.contains(e.uid));
  out += ")\r\n";
}

void View::say_flags(std::string& out, uint32_t upto, const Say& say) {
  auto& state = folder_->state();
  auto& all = state.entries();
  std::size_t end = state.first_at_least(upto + 1), before = 0;  // ghosts before an entry
  auto one = [&](std::size_t i) {
    while (before < ghosts_.size() && ghosts_[before].index <= i + before) before++;
    put_flags(out, i + before, all[i], say);
  };
  auto changed = state.changed_since(seen_);
  if (!changed) {
    for (std::size_t i = 0; i < end; i++) one(i);
    return;
  }
  for (auto& r : changed->ranges())
    for (std::size_t i = state.first_at_least(r.first); i < end && all[i].uid <= r.last; i++) one(i);
}

void View::say_keywords(std::string& out) {
  if (folder_->state().keywords().size() == keywords_) return;
  keywords_ = folder_->state().keywords().size();
  out += "* FLAGS (" + all_flags() + ")\r\n";
}

Status View::refresh(const Say& say) {
  CHECK(folder_->refresh());
  return say.exists && !is_renumbered() ? claim_recent() : Status{};
}

store::UidSet View::untold_gone() const {
  absorb();
  store::UidSet out;
  for (auto& g : ghosts_) out.add(g.entry.uid);
  return out;
}

Status View::sync(std::string& out, Say say) {
  CHECK(refresh(say));
  return tell(out, say);
}

Status View::tell(std::string& out, const Say& say) {
  auto& state = folder_->state();
  if (is_renumbered()) return {};  // the session ends
  if (say.expunge && ghosts_.empty()) say_just_expunged(out, say);
  absorb();
  if (say.expunge) say_expunged(out, say);
  uint32_t before = last_uid_;
  if (say.exists && take_arrivals()) {
    out += fmt::format("* {} EXISTS\r\n", size_);
    if (say.recent) out += fmt::format("* {} RECENT\r\n", recent());
  }
  say_keywords(out);
  if (!say.flags) return {};
  if (state.mod_seq() != seen_) say_flags(out, before, say);
  seen_ = state.mod_seq();
  others_ = store::UidSet();
  return {};
}

std::optional<std::vector<std::size_t>> View::resolve(const SequenceSet& set, bool by_uid) const {
  std::vector<std::pair<std::size_t, std::size_t>> runs;  // half open
  for (auto [a, b] : set) {
    if (by_uid) {
      if (size_ == 0) continue;
      // `*` is the last message, also when the other end lies above it.
      if (b == UINT32_MAX) a = std::min(a, uid(size_ - 1));
      runs.emplace_back(first_at_least(a), b == UINT32_MAX ? size_ : first_at_least(b + 1));
    } else {
      if (a == UINT32_MAX) a = static_cast<uint32_t>(size_);
      if (b == UINT32_MAX) b = static_cast<uint32_t>(size_);
      if (a > b) std::swap(a, b);
      if (a == 0 || b > size_) return {};
      runs.emplace_back(a - 1, b);
    }
  }
  std::sort(runs.begin(), runs.end());
  std::vector<std::size_t> out;
  std::size_t next = 0, all = 0;
  for (auto [a, b] : runs) all += b > a ? b - a : 0;
  out.reserve(std::min(all, size_));
  for (auto [a, b] : runs)
    for (std::size_t i = std::max(a, next); i < b; ++i) out.push_back(i), next = i + 1;
  return out;
}

namespace {
std::string set_text(const store::UidSet& uids) { return uids.empty() ? "-" : uids.text(); }
store::UidSet take_set(std::string_view text) {
  store::UidSet uids;
  if (text == "-") return uids;
  for (auto range : split(text, ',')) {
    auto first = to_number(range.substr(0, range.find(':'))), last = to_number(range.substr(range.find(':') + 1));
    if (first && last && *first <= *last && *last <= UINT32_MAX) uids.add(static_cast<uint32_t>(*first), static_cast<uint32_t>(*last));
  }
  return uids;
}
}  // namespace

std::string View::park() const {
  store::UidSet untold = untold_gone();
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", folder_->id(), is_examined_ ? 1 : 0, uid_validity_, last_uid_, size_, seen_,
                     absorbed_, keywords_, set_text(recent_), set_text(untold));
}

Status View::resume(std::string_view parked) {
  auto w = words(parked);
  std::vector<uint64_t> n;
  for (auto word : w) n.push_back(to_number(word).value_or(0));
  if (w.size() != 10) return fail(Fault::usage, "not a parked view");
  CHECK(folder_->refresh());
  auto& state = folder_->state();
  uid_validity_ = static_cast<uint32_t>(n[2]);
  last_uid_ = static_cast<uint32_t>(n[3]);
  size_ = n[4];
  seen_ = n[5];
  absorbed_ = n[6];
  keywords_ = n[7];
  recent_ = take_set(w[8]);
  if (is_renumbered()) return {};  // the session finds out
  store::UidSet untold = take_set(w[9]);
  if (!untold.empty())
    state.gone().each([&](const store::Gone& g) {
      if (untold.contains(g.entry.uid) && g.entry.mod_seq <= absorbed_) ghosts_.push_back({0, g.entry});
    });
  place_ghosts();
  absorb();
  if (state.first_at_least(last_uid_ + 1) + ghosts_.size() != size_) return fail(Fault::perm, "too much has changed since");
  return {};
}

const std::string& View::flags(const Entry& e, bool recent) const {
  FlagsText& last = flags_text_;
  std::string& out = last.text;
  if (!out.empty() && last.flags == e.flags && last.keywords == e.keywords && last.is_recent == recent) return out;
  last.flags = e.flags, last.keywords = e.keywords, last.is_recent = recent;
  out = "(";
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
  return out += ')';
}

std::string View::permanent_flags() const {
  if (is_examined_) return "";
  std::string out;
  auto add = [&](std::string_view name) { out += (out.empty() ? "" : " ") + std::string(name); };
  for (auto& f : system_flags)
    if (may(f.flag == store::seen ? 's' : f.flag == store::deleted ? 't' : 'w')) add(f.name);
  if (!may('w')) return out;
  for (auto& k : folder_->state().keywords()) add(k);
  add("\\*");
  return out;
}

std::string View::all_flags() const {
  std::string out;
  for (auto& f : system_flags) out += (out.empty() ? "" : " ") + std::string(f.name);
  for (auto& k : folder_->state().keywords()) out += " " + k;
  return out;
}

}  // namespace jd::imap
