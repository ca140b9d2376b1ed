// SPDX-License-Identifier: MIT
#include "lib/imap/context.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/imap/search_return.h"

namespace jd::imap {
namespace {

uint32_t number_of(const Context& c, const View& v, uint32_t uid) {
  return c.by_uid ? uid : static_cast<uint32_t>(v.first_at_least(uid) + 1);
}
std::string text_of(const Context& c, const View& v, const std::vector<uint32_t>& uids) {
  std::vector<uint32_t> numbers;
  for (auto u : uids) numbers.push_back(number_of(c, v, u));
  return set_text(numbers);
}

std::string head_of(Session& s, const Context& c) {
  const View& v = *s.view();
  Correlator to{.tag = c.tag, .mailbox = {}, .uid_validity = v.folder().state().uid_validity(), .by_uid = c.by_uid};
  std::string name;
  if (c.tells_mailbox)
    if (Mailbox m = s.mailboxes().of(s.selected_account(), v.folder().id()); m.info) to.mailbox = name = s.mailboxes().name_of(m);
  return esearch_head(s, to);
}

// Takes those in `gone` (rising) out; " REMOVEFROM (...)", or "" when none was there.  In a sorted list from
// the end, so that the places before stay what they are.
std::string take_out(Context& c, const View& v, const store::UidSet& gone) {
  std::vector<uint32_t> kept, removed;
  std::string pairs;
  auto add_pair = [&](std::size_t place) {
    if (removed.empty()) return;
    pairs = fmt::format("{} {}{}{}", place, text_of(c, v, removed), pairs.empty() ? "" : " ", pairs);
    removed.clear();
  };
  for (std::size_t i = 0; i < c.uids.size(); ++i) {
    if (gone.contains(c.uids[i])) {
      removed.push_back(c.uids[i]);
      continue;
    }
    if (c.order) add_pair(i + 1 - removed.size());
    kept.push_back(c.uids[i]);
  }
  add_pair(c.order ? c.uids.size() + 1 - removed.size() : 0);
  if (pairs.empty()) return "";
  c.uids = std::move(kept);
  return " REMOVEFROM (" + pairs + ")";
}

// The same of what comes in: `fresh` rising.
std::string put_in(Session& s, Context& c, const std::vector<uint32_t>& fresh) {
  const View& v = *s.view();
  if (fresh.empty()) return "";
  std::vector<uint32_t> all = c.uids;
  all.insert(all.end(), fresh.begin(), fresh.end());
  if (!c.order) {
    std::sort(all.begin(), all.end());
    c.uids = std::move(all);
    return " ADDTO (0 " + text_of(c, v, fresh) + ")";
  }
  std::sort(all.begin(), all.end());
  Found found;
  for (auto u : all)
    if (auto i = v.first_at_least(u); i < v.size() && v.uid(i) == u && !v.is_gone(i)) found.at.push_back(static_cast<uint32_t>(i));
  sort_found(s, *c.order, found);
  // Sorting never changes the order of two messages, so what was there is in the same order as before.
  std::vector<uint32_t> sorted, run;
  std::string pairs;
  std::size_t first = 0;
  auto add_pair = [&] {
    if (!run.empty()) pairs += fmt::format("{}{} {}", pairs.empty() ? "" : " ", first, text_of(c, v, run));
    run.clear();
  };
  for (auto i : found.at) {
    uint32_t u = v.uid(i);
    sorted.push_back(u);
    if (!std::binary_search(fresh.begin(), fresh.end(), u)) add_pair();
    else if (run.push_back(u); run.size() == 1) first = sorted.size();
  }
  add_pair();
  c.uids = std::move(sorted);
  return pairs.empty() ? "" : " ADDTO (" + pairs + ")";
}

// UIDs that the client knows of and that may have changed since the context was looked at.
std::vector<uint32_t> changed(const Context& c, const View& v) {
  auto& state = v.folder().state();
  auto& all = state.entries();
  std::vector<uint32_t> out;
  std::size_t end = state.first_at_least(v.last_uid() + 1), old = state.first_at_least(c.last_uid + 1);
  if (auto flags = state.changed_since(c.seen)) {
    for (auto& r : flags->ranges())
      for (std::size_t i = state.first_at_least(r.first); i < old && all[i].uid <= r.last; ++i) out.push_back(all[i].uid);
  } else {
    for (std::size_t i = 0; i < old; ++i)
      if (all[i].mod_seq > c.seen) out.push_back(all[i].uid);
  }
  for (std::size_t i = old; i < end; ++i) out.push_back(all[i].uid);
  return out;
}

}  // namespace

bool Contexts::has(std::string_view tag) const {
  return std::any_of(all_.begin(), all_.end(), [&](auto& c) { return c.tag == tag; });
}

bool Contexts::add(Context c) {
  std::size_t results = c.uids.size();
  for (auto& one : all_) results += one.uids.size();
  if (all_.size() >= max_contexts || results > max_context_results) return false;
  all_.push_back(std::move(c));
  return true;
}

bool Contexts::cancel(std::string_view tag) {
  return std::erase_if(all_, [&](auto& c) { return c.tag == tag; }) > 0;
}

void Contexts::tell_gone(Session& s) {
  if (all_.empty()) return;
  const View& v = *s.view();
  store::UidSet gone = v.untold_gone();
  if (gone.empty()) return;
  for (auto& c : all_)
    if (std::string removed = take_out(c, v, gone); !removed.empty()) s.out() += head_of(s, c) + removed + "\r\n";
}

Contexts::News Contexts::changes(Session& s) {
  News news;
  const View& v = *s.view();
  auto& state = v.folder().state();
  for (auto& c : all_) {
    if (c.seen == state.mod_seq() && c.last_uid == v.last_uid()) continue;
    std::vector<uint32_t> known = c.uids, fresh;
    std::sort(known.begin(), known.end());
    store::UidSet lost;
    for (auto uid : changed(c, v)) {
      auto i = v.first_at_least(uid);
      auto has = has_key(c.key, v, i, *v.entry(i), s.cache());
      if (!has) log::failure("imap_message_unreadable", has.error(), {{"uid", uid}});
      bool was = std::binary_search(known.begin(), known.end(), uid), is = has && *has;
      if (is && !was) fresh.push_back(uid);
      if (was && !is) lost.add(uid);
      if (is && uid > c.last_uid && !c.items.empty()) news.arrived.emplace_back(uid, &c);
    }
    c.seen = state.mod_seq();
    c.last_uid = v.last_uid();
    std::string told = take_out(c, v, lost);
    told += put_in(s, c, fresh);
    if (!told.empty()) news.lines += head_of(s, c) + told + "\r\n";
  }
  return news;
}

}  // namespace jd::imap
