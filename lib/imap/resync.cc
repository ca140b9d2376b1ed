// SPDX-License-Identifier: MIT
#include "lib/imap/resync.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::imap {
namespace {

// Without `*`: what a client knows it can name.
bool take_known(Cursor& c, SequenceSet& out) {
  return c.set(out) && std::none_of(out.begin(), out.end(), [](auto& r) { return r.second == UINT32_MAX; });
}

uint64_t count_of(const SequenceSet& set) {
  uint64_t n = 0;
  for (auto [a, b] : set) n += uint64_t{b} - a + 1;
  return n;
}

}  // namespace

bool take_resync(Cursor& c, Resync& out) {
  if (!c.space() || !c.is('(') || !c.number(out.uid_validity) || !c.space() || !c.number64(out.mod_seq)) return false;
  if (c.is(')')) return true;
  if (!c.space()) return false;
  if (c.peek() != '(') {
    if (!take_known(c, out.known)) return false;
    if (c.is(')')) return true;
    if (!c.space()) return false;
  }
  return c.is('(') && take_known(c, out.match_seqs) && c.space() && take_known(c, out.match_uids) && c.is(')') &&
         c.is(')') && count_of(out.match_seqs) == count_of(out.match_uids);
}

store::UidSet vanished(const store::FolderState& state, const SequenceSet& known, uint64_t since) {
  SequenceSet asked = known;
  if (asked.empty()) asked.emplace_back(1, UINT32_MAX);
  uint32_t last = state.uid_next() - 1;
  std::sort(asked.begin(), asked.end());
  store::UidSet range, out;
  for (auto [a, b] : asked)
    if (a <= last) range.add(a, std::min(b, last));
  auto& gone = state.gone();
  if (!gone.empty() && gone.first_mod_seq() <= since) {  // what is gone since then is all remembered
    std::vector<uint32_t> uids;
    gone.each_after(since, [&](const store::Gone& g) {
      uint32_t uid = g.entry.uid;
      if (uid && range.contains(uid) && !state.find(uid)) uids.push_back(uid);
    });
    std::sort(uids.begin(), uids.end());
    for (auto u : uids) out.add(u);
    return out;
  }
  auto& all = state.entries();
  auto e = all.begin();
  for (auto [first, end] : range.ranges()) {
    e = std::lower_bound(e, all.end(), first, [](const store::Entry& x, uint32_t u) { return x.uid < u; });
    uint64_t next = first;
    for (; e != all.end() && e->uid <= end; ++e) {
      if (e->uid > next) out.add(static_cast<uint32_t>(next), e->uid - 1);
      next = uint64_t{e->uid} + 1;
    }
    if (next <= end) out.add(static_cast<uint32_t>(next), end);
  }
  return out;
}

SequenceSet without_matched(const store::FolderState& state, const Resync& r) {
  auto& all = state.entries();
  uint32_t intact = 0;
  std::size_t u = 0;
  uint32_t uid = r.match_uids.empty() ? 0 : r.match_uids[0].first;
  for (auto [a, b] : r.match_seqs) {
    for (uint64_t seq = a; seq <= b; ++seq) {
      if (seq > all.size() || all[seq - 1].uid != uid) goto done;
      intact = uid;
      if (uid < r.match_uids[u].second) ++uid;
      else if (++u < r.match_uids.size()) uid = r.match_uids[u].first;
    }
  }
done:
  SequenceSet out;
  if (r.known.empty()) out.emplace_back(intact + 1, UINT32_MAX - 1);
  for (auto [a, b] : r.known)
    if (b > intact) out.emplace_back(std::max(a, intact + 1), b);
  if (out.empty()) out.emplace_back(UINT32_MAX - 1, UINT32_MAX - 1);  // nothing: but empty means all
  return out;
}

}  // namespace jd::imap
