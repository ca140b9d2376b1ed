// SPDX-License-Identifier: MIT
#include "lib/store/state.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace jd::store {

Entry* FolderState::at_least(uint32_t uid) {
  return std::lower_bound(entries_.begin(), entries_.end(), uid,
                          [](const Entry& e, uint32_t u) { return e.uid < u; });
}

std::size_t FolderState::first_at_least(uint32_t uid) const {
  return static_cast<std::size_t>(const_cast<FolderState*>(this)->at_least(uid) - entries_.begin());
}

const Entry* FolderState::find(uint32_t uid) const {
  std::size_t i = first_at_least(uid);
  return i < entries_.size() && entries_[i].uid == uid ? &entries_[i] : nullptr;
}

FolderState FolderState::copy() const {
  FolderState r;
  r.entries_ = entries_.copy();
  r.gone_ = gone_.copy();
  r.keywords_ = keywords_;
  r.uid_validity_ = uid_validity_, r.uid_next_ = uid_next_, r.recent_ = recent_;
  r.reserved_end_ = reserved_end_, r.reserved_boot_ = reserved_boot_, r.unseen_ = unseen_;
  r.mod_seq_ = r.changes_known_since_ = mod_seq_;
  r.bytes_ = bytes_;
  return r;
}

bool FolderState::become(Parts p) {
  FolderState r;
  if (p.uid_validity == 0 || !r.apply_keywords(p.keywords)) return false;
  r.entries_ = std::move(p.entries);
  r.gone_ = std::move(p.gone);
  r.uid_validity_ = p.uid_validity, r.uid_next_ = p.uid_next, r.recent_ = p.recent;
  r.reserved_end_ = p.reserved_end, r.reserved_boot_ = std::move(p.reserved_boot), r.unseen_ = p.unseen;
  r.mod_seq_ = r.changes_known_since_ = p.mod_seq;
  r.bytes_ = p.bytes;
  r.seen_before_ = p.first_unseen;
  *this = std::move(r);
  return true;
}

void FolderState::place(std::size_t index, uint32_t wire, uint32_t digest) {
  entries_[index].wire = wire;
  entries_[index].digest = digest;
}

std::size_t FolderState::first_unseen() const {
  if (unseen_ == 0) return entries_.size();
  while (seen_before_ < entries_.size() && entries_[seen_before_].flags & seen) seen_before_++;
  return seen_before_;
}

std::optional<UidSet> FolderState::changed_since(uint64_t since, uint64_t before) const {
  if (since < changes_known_since_) return std::nullopt;
  std::vector<UidRange> all;
  for (auto i = flag_changes_.rbegin(); i != flag_changes_.rend() && i->mod_seq > since; ++i)
    if (i->mod_seq < before) all.insert(all.end(), i->uids.ranges().begin(), i->uids.ranges().end());
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.first < b.first; });
  UidSet r;
  for (auto& range : all) r.add(range.first, range.last);
  return r;
}

int FolderState::keyword_bit(std::string_view name) const {
  for (std::size_t i = 0; i < keywords_.size(); i++)
    if (iequals(keywords_[i], name)) return static_cast<int>(i);
  return -1;
}

void FolderState::count(const Entry& e, int sign) {
  bytes_ += sign > 0 ? e.size : -e.size;
  if (!(e.flags & seen)) unseen_ += static_cast<uint32_t>(sign);
}

void FolderState::init(uint32_t uid_validity) {
  *this = FolderState();
  uid_validity_ = uid_validity;
}

void FolderState::renumber(uint32_t uid_validity) {
  MUST(entries_.empty());
  uid_validity_ = uid_validity;
  uid_next_ = recent_ = reserved_end_ = 1;
  reserved_boot_.clear();
  gone_.change([](Entry& e) { return std::exchange(e.uid, 0) != 0; });
  seen_before_ = 0;
  flag_changes_.clear();
  mod_seq_++;
}

void FolderState::skip_reserved() {
  if (reserved_end_ > uid_next_) mod_seq_ += reserved_end_ - uid_next_;
  skip_to(reserved_end_);
}

void FolderState::drop(uint32_t uid) {
  auto i = at_least(uid);
  if (i == entries_.end() || i->uid != uid) return;
  count(*i, -1);
  seen_before_ = std::min(seen_before_, static_cast<std::size_t>(i - entries_.begin()));
  entries_.erase(i, i + 1);
}

bool FolderState::apply(uint16_t type, uint64_t stamp, std::string_view p) {
  bool good = true;
  switch (type) {
    case type_state: good = apply_state(p); break;
    case type_keywords: good = apply_keywords(p); break;
    case type_arrive: good = apply_arrive(p); break;
    case type_gone: good = apply_gone(p); break;
    case type_arrive_packed: good = apply_packed(p); break;
    case type_gone_packed: good = apply_gone_packed(p); break;
    case type_flags: good = apply_flags(stamp, p); break;
    case type_expunge: good = apply_expunge(stamp, p); break;
    case type_reserve: {
      uint32_t end;
      good = take(p, end) && p.size() == 16;
      if (!good) break;
      // What the boot before had reserved may have been used, though the power took the arrivals.
      if (!reserved_boot_.empty() && reserved_boot_ != p) skip_to(reserved_end_);
      reserved_end_ = end, reserved_boot_ = p;
      break;
    }
    case type_recent: {
      uint32_t uid;
      good = take(p, uid);
      if (good) recent_ = std::max(recent_, uid);
      break;
    }
    case type_drop: {
      auto uids = UidSet::decode(p);
      good = uids.has_value();
      if (good)
        for (auto& r : uids->ranges())
          while (at_least(r.first) != entries_.end() && at_least(r.first)->uid <= r.last) drop(at_least(r.first)->uid);
      break;
    }
    case type_moved: good = apply_moved(p); break;
    default: break;  // of a later version: what it says does not concern these fields
  }
  if (good && type != type_state && type != type_recent) mod_seq_ = std::max(mod_seq_, stamp);
  return good;
}

bool FolderState::apply_state(std::string_view p) {
  uint32_t validity, next, recent, live, gone;
  uint64_t seq;
  if (!take(p, validity) || !take(p, next) || !take(p, recent) || !take(p, seq) || !take(p, live) || !take(p, gone))
    return false;
  init(validity);
  uid_next_ = next;
  recent_ = recent;
  mod_seq_ = seq;
  changes_known_since_ = seq;
  return true;
}

bool FolderState::apply_keywords(std::string_view p) {
  while (!p.empty()) {
    uint8_t n;
    if (!take(p, n) || n == 0 || n > p.size()) return false;
    if (keyword_bit(p.substr(0, n)) < 0) {
      if (keywords_.size() >= max_keywords) return false;
      keywords_.emplace_back(p.substr(0, n));
    }
    p.remove_prefix(n);
  }
  return true;
}

bool FolderState::apply_arrive(std::string_view p) {
  entries_.reserve(entries_.size() + p.size() / entry_bytes);
  for (Entry e; !p.empty();)
    if (!decode(p, e) || !arrive(e)) return false;
  return true;
}

bool FolderState::apply_packed(std::string_view p) {
  entries_.reserve(entries_.size() + p.size() / packed_least);
  Unpacker in(p);
  for (Entry e; !in.at_end();)
    if (!in.next(e) || !arrive(e)) return false;
  return true;
}

bool FolderState::arrive(const Entry& e) {
  if (e.uid == 0) return false;
  if (entries_.empty() || e.uid > entries_.back().uid) {
    entries_.push_back(e);
    count(e, 1);
  } else if (auto i = at_least(e.uid); i == entries_.end() || i->uid != e.uid) {
    count(e, 1);
    seen_before_ = 0;
    entries_.insert(i, e);  // logs of earlier releases: undelete brought an old UID back
  }
  uid_next_ = std::max(uid_next_, e.uid + 1);
  mod_seq_ = std::max(mod_seq_, e.mod_seq);
  return true;
}

// Of logs of earlier releases.
bool FolderState::apply_gone(std::string_view p) {
  std::string packed;
  GonePacker to(packed);
  while (!p.empty()) {
    Entry e;
    int64_t when;
    if (!decode(p, e) || !take(p, when)) return false;
    to.add(e, when);
  }
  return apply_gone_packed(packed);
}

bool FolderState::apply_gone_packed(std::string_view p) {
  GoneUnpacker in(p);
  for (Gone g; !in.at_end();) {
    if (!in.next(g)) return false;
    uid_next_ = std::max(uid_next_, g.entry.uid + 1);
    mod_seq_ = std::max(mod_seq_, g.entry.mod_seq);
  }
  return gone_.add_packed(p);
}

bool FolderState::apply_flags(uint64_t seq, std::string_view p) {
  uint8_t op, flags;
  uint64_t words;
  if (!take(p, op) || op > 2 || !take(p, flags) || !take(p, words)) return false;
  auto uids = UidSet::decode(p);
  if (!uids) return false;
  if (uint64_t n = uids->size(); n >= 512 && n >= entries_.size() / 8) entries_.unmap();
  for (auto& r : uids->ranges()) {
    seen_before_ = std::min(seen_before_, first_at_least(r.first));
    for (auto i = at_least(r.first); i != entries_.end() && i->uid <= r.last; ++i) {
      count(*i, -1);
      switch (static_cast<FlagOp>(op)) {
        case FlagOp::set: i->flags = flags; i->keywords = words; break;
        case FlagOp::add: i->flags |= flags; i->keywords |= words; break;
        case FlagOp::remove: i->flags &= static_cast<uint8_t>(~flags); i->keywords &= ~words; break;
      }
      count(*i, 1);
      i->mod_seq = seq;
      touched_++;
    }
  }
  constexpr std::size_t changes_kept = 64, ranges_kept = 1000;
  if (uids->ranges().size() > ranges_kept) {
    flag_changes_.clear();
    changes_known_since_ = seq;
  } else {
    flag_changes_.push_back({seq, std::move(*uids)});
    if (flag_changes_.size() > changes_kept) {
      changes_known_since_ = flag_changes_.front().mod_seq;
      flag_changes_.pop_front();
    }
  }
  return true;
}

bool FolderState::apply_expunge(uint64_t seq, std::string_view p) {
  int64_t when;
  if (!take(p, when)) return false;
  auto uids = UidSet::decode(p);
  if (!uids) return false;
  for (auto& r : uids->ranges()) {
    auto from = at_least(r.first);
    auto to = from;
    seen_before_ = std::min(seen_before_, static_cast<std::size_t>(from - entries_.begin()));
    for (; to != entries_.end() && to->uid <= r.last; ++to) count(*to, -1);
    gone_.add({from, to}, when, seq);
    if (uids->ranges().size() == 1) entries_.erase(from, to);
  }
  if (uids->ranges().size() > 1)  // one pass, however many ranges
    entries_.erase_if([&](const Entry& e) { return uids->contains(e.uid); });
  return true;
}

bool FolderState::apply_moved(std::string_view p) {
  auto moves = decode_moves(p);
  if (!moves) return false;
  auto follow = [&](Entry& e) {
    if (e.segment != moves->from) return;
    if (const Move* m = find_move(moves->all, e.offset)) e.segment = m->segment, e.offset = m->to;
  };
  // Looked at through const first: a page that is only mapped is copied when it is written to.
  for (std::size_t i = 0; i < entries_.size(); i++)
    if (std::as_const(entries_)[i].segment == moves->from) follow(entries_[i]);
  gone_.change([&](Entry& e) {
    auto before = e.ref();
    follow(e);
    return !(e.ref() == before);
  });
  return true;
}

std::vector<FolderState::Out> FolderState::snapshot(int64_t keep_since) const {
  std::vector<Out> out;
  std::string p;
  std::size_t kept = 0;
  gone_.each([&](const Gone& g) { kept += g.when >= keep_since; });
  put(p, uid_validity_);
  put(p, uid_next_);
  put(p, recent_);
  put(p, mod_seq_);
  put(p, static_cast<uint32_t>(entries_.size()));
  put(p, static_cast<uint32_t>(kept));
  out.push_back({type_state, mod_seq_, p});
  if (!reserved_boot_.empty()) out.push_back({type_reserve, mod_seq_, make_reserve(reserved_end_, reserved_boot_)});
  if (!keywords_.empty()) out.push_back({type_keywords, mod_seq_, make_keywords(keywords_)});
  constexpr std::size_t batch = 500;  // a damaged record costs no more entries than this
  p.clear();
  for (std::size_t i = 0; i < entries_.size();) {
    Packer to(p);
    for (std::size_t end = std::min(entries_.size(), i + batch); i < end; i++) to.add(entries_[i]);
    out.push_back({type_arrive_packed, mod_seq_, std::exchange(p, {})});
  }
  std::size_t n = 0;
  GonePacker to(p);
  gone_.each([&](const Gone& g) {
    if (g.when < keep_since) return;
    to.add(g.entry, g.when);
    if (++n % batch != 0 && n != kept) return;
    out.push_back({type_gone_packed, mod_seq_, std::exchange(p, {})});
    to = GonePacker(p);
  });
  return out;
}

std::string FolderState::make_flags(FlagOp op, uint8_t flags, uint64_t keywords, const UidSet& uids) {
  std::string p;
  put(p, static_cast<uint8_t>(op));
  put(p, flags);
  put(p, keywords);
  uids.encode(p);
  return p;
}

std::string FolderState::make_expunge(int64_t when, const UidSet& uids) {
  std::string p;
  put(p, when);
  uids.encode(p);
  return p;
}

std::string FolderState::make_reserve(uint32_t end, const std::string& boot) {
  std::string p;
  put(p, end);
  return p + boot;
}

std::string FolderState::make_keywords(const std::vector<std::string>& names) {
  std::string p;
  for (auto& n : names) {
    put(p, static_cast<uint8_t>(n.size()));
    p += n;
  }
  return p;
}

}  // namespace jd::store
