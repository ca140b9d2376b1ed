// SPDX-License-Identifier: MIT
#include "lib/imap/search_return.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/context.h"

namespace jd::imap {
namespace {

using Kind = SearchKey::Kind;

uint32_t number_of(const View& v, bool by_uid, uint32_t index) { return by_uid ? v.uid(index) : index + 1; }

std::vector<uint32_t> numbers_of(const View& v, bool by_uid, const std::vector<uint32_t>& at, std::size_t from, std::size_t to) {
  std::vector<uint32_t> out;
  out.reserve(to - from);
  for (std::size_t i = from; i < to; ++i) out.push_back(number_of(v, by_uid, at[i]));
  return out;
}

// RFC 5182 §2.4, RFC 9394 §3.1: with MIN, MAX or PARTIAL alone only those are kept, with others all.
std::vector<uint32_t> to_be_saved(const SearchReturn& r, const std::vector<uint32_t>& at) {
  if (at.empty() || r.all || r.count || r.relevancy || !r.says_anything()) return at;
  std::vector<uint32_t> out;
  if (r.min) out.push_back(at.front());
  if (r.max) out.push_back(at.back());
  if (r.partial) {
    auto [from, to] = r.partial->of(at.size());
    out.insert(out.end(), at.begin() + static_cast<std::ptrdiff_t>(from), at.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return out;
}

// Neighbours in the view are one range: no UID will ever come between them.
SequenceSet uid_ranges(const View& v, std::vector<uint32_t> at) {
  std::sort(at.begin(), at.end());
  SequenceSet out;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (i && at[i] == at[i - 1]) continue;
    if (i && at[i] == at[i - 1] + 1) out.back().second = v.uid(at[i]);
    else out.emplace_back(v.uid(at[i]), v.uid(at[i]));
  }
  return out;
}

// RFC 4731 §3.2: of MIN and MAX alone their own, else the highest of all that were found.
uint64_t highest_mod_seq(const View& v, const SearchReturn& r, const std::vector<uint32_t>& at) {
  std::vector<uint32_t> ends = {at.front(), at.back()};
  bool only_ends = r.extended && (r.min || r.max) && !r.all && !r.count && !r.partial;
  if (only_ends && !r.max) ends.pop_back();
  if (only_ends && !r.min) ends.erase(ends.begin());
  uint64_t highest = 0;
  for (auto i : only_ends ? ends : at)
    highest = std::max(highest, v.entry(i)->mod_seq);
  return highest;
}

}  // namespace

std::pair<std::size_t, std::size_t> PartialRange::of(std::size_t n) const {
  std::size_t from = std::min<std::size_t>(first - 1, n), to = std::min<std::size_t>(last, n);
  if (from_end) return {n - to, n - from};
  return {from, to};
}

bool take_partial_range(Cursor& c, PartialRange& out) {
  std::size_t begin = c.at();
  std::string_view text = c.rest();
  out.from_end = c.is('-');
  uint64_t a, b;
  if (!c.number(a) || !c.is(':') || c.is('-') != out.from_end || !c.number(b) || !a || !b) return false;
  out.first = static_cast<uint32_t>(std::min(a, b));
  out.last = static_cast<uint32_t>(std::max(a, b));
  out.text = text.substr(0, c.at() - begin);
  return true;
}

bool take_return(Cursor& c, SearchReturn& out, std::string& why) {
  auto begin = c.at();
  std::string word;
  if (!c.atom(word) || upper(word) != "RETURN") return c.back(begin), true;
  auto wrong = [&](std::string text) { return why = std::move(text), false; };
  if (!c.space() || !c.is('(')) return wrong("RETURN takes a list");
  out.extended = true;
  bool has_hint = false;
  for (bool first = true; !c.is(')'); first = false) {
    if ((!first && !c.space()) || !c.atom(word)) return wrong("not a list of what to return");
    word = upper(word);
    if (word == "MIN") out.min = true;
    else if (word == "MAX") out.max = true;
    else if (word == "ALL") out.all = true;
    else if (word == "COUNT") out.count = true;
    else if (word == "SAVE") out.save = true;
    else if (word == "RELEVANCY") out.relevancy = true;
    else if (word == "CONTEXT") has_hint = true;
    else if (word == "UPDATE" && !out.update) {
      out.update = true;
      auto at = c.at();
      (void)c.space();  // RFC 5465: the grammar has no blank here, the example has one
      if (c.peek() != '(') c.back(at);
      else if (std::string text; !take_fetch_items(c, out.update_items, text)) return wrong(text);
    }
    else if (word == "PARTIAL" && !out.partial) {
      out.partial.emplace();
      if (!c.space() || !take_partial_range(c, *out.partial)) return wrong("PARTIAL takes a range like 1:100 or -1:-100");
    } else {
      return wrong("RETURN does not know " + escape(word.substr(0, 40)));
    }
  }
  if (out.partial && out.all) return wrong("PARTIAL and ALL exclude each other");  // RFC 9394 §3.1
  bool is_empty = !out.says_anything() && !out.save && !out.update;
  if (is_empty || (has_hint && !out.says_anything() && !out.update)) out.all = true;  // RFC 4731 §3.1
  return c.space() || wrong("search for what?");
}

std::string set_text(const std::vector<uint32_t>& n) {
  std::string out;
  for (std::size_t i = 0; i < n.size();) {
    std::size_t end = i + 1;
    while (end < n.size() && n[end] == n[end - 1] + 1) ++end;
    if (i) out += ',';
    fmt::format_to(std::back_inserter(out), "{}", n[i]);
    if (end - i > 1) fmt::format_to(std::back_inserter(out), ":{}", n[end - 1]);
    i = end;
  }
  return out;
}

std::string esearch_head(const Session& s, const Correlator& c) {
  std::string out = "* ESEARCH (TAG ";
  append_string(out, c.tag);
  if (c.mailbox) {
    out += " MAILBOX ";
    append_mailbox(s, out, *c.mailbox);
    out += fmt::format(" UIDVALIDITY {}", c.uid_validity);
  }
  return out + (c.by_uid ? ") UID" : ")");
}

void put_esearch(Session& s, const View& v, const Correlator& c, const SearchReturn& r, const SearchKey& key, const Found& found) {
  auto& at = found.at;
  std::string out = esearch_head(s, c);
  if (r.min && !at.empty()) out += fmt::format(" MIN {}", number_of(v, c.by_uid, at.front()));
  if (r.max && !at.empty()) out += fmt::format(" MAX {}", number_of(v, c.by_uid, at.back()));
  if (r.count) out += fmt::format(" COUNT {}", at.size());
  if (r.all && !at.empty()) out += " ALL " + set_text(numbers_of(v, c.by_uid, at, 0, at.size()));
  if (r.partial) {
    auto [from, to] = r.partial->of(at.size());
    out += fmt::format(" PARTIAL ({} {})", r.partial->text, from == to ? "NIL" : set_text(numbers_of(v, c.by_uid, at, from, to)));
  }
  if (r.relevancy && !at.empty()) {  // RFC 6203 §4: what we find, we find wholly
    out += " RELEVANCY (100";
    for (std::size_t i = 1; i < at.size(); ++i) out += " 100";
    out += ')';
  }
  if (!at.empty() && uses(key, Kind::mod_seq)) out += fmt::format(" MODSEQ {}", highest_mod_seq(v, r, at));
  s.out() += out + "\r\n";
}

Found run_search(Session& s, store::Account& account, const View& v, SearchKey& key, bool first_only) {
  use_index(key, s.search_index(account));
  Found out;
  std::size_t begin = 0;
  if (uint64_t n = s.options().message_limit; n && v.size() > n)
    if (Reach r = reach_of(key, v, n); r.is_limited) begin = r.begin, out.lowest = v.uid(begin);
  for (std::size_t i = begin; i < v.size(); ++i) {
    s.progress(i, v.size());
    if (v.is_gone(i)) continue;
    const store::Entry* e = v.entry(i);
    auto has = has_key(key, v, i, *e, s.cache());
    if (!has) {
      ++out.damaged;
      log::failure("imap_message_unreadable", has.error(), {{"uid", e->uid}});
    } else if (*has) {
      out.at.push_back(static_cast<uint32_t>(i));
      if (first_only) break;
    }
  }
  return out;
}

bool is_over_limit(Session& s, const SearchReturn& r, const SearchKey& key) {
  uint64_t n = s.options().message_limit;
  if (!n || s.view()->size() <= n || !reach_of(key, *s.view(), n).is_limited) return false;
  if (r.save) s.saved().clear();  // RFC 5182 §2.1
  s.too_many(0);
  return true;
}

void save_found(Session& s, const SearchReturn& r, const Found& found) {
  s.saved() = found.damaged ? SequenceSet{} : uid_ranges(*s.view(), to_be_saved(r, found.at));
}

void refuse_context(Session& s, std::string_view why) { s.out() += fmt::format("* NO [NOUPDATE \"{}\"] {}\r\n", s.tag(), why); }

namespace {
// RFC 5267 §4.3: message numbers mean the messages that had them when the command came.
void freeze(SearchKey& k, const View& v) {
  for (auto& one : k.keys) freeze(one, v);
  if (k.kind != Kind::sequence) return;
  SequenceSet uids;
  for (auto [a, b] : k.set)
    if (a <= v.size()) uids.emplace_back(v.uid(a - 1), v.uid(std::min<std::size_t>(b, v.size()) - 1));
  k.kind = uids.empty() ? Kind::none : Kind::uid;
  k.set = std::move(uids);
}
}  // namespace

void begin_context(Session& s, const SearchReturn& r, const SearchKey& key, const Found& found, const SortOrder* order, bool tells_mailbox) {
  if (found.lowest) return refuse_context(s, "not all of the messages were looked at");
  const View& v = *s.view();
  Context c;
  c.tag = s.tag();
  c.by_uid = s.is_uid() || tells_mailbox;
  c.tells_mailbox = tells_mailbox;
  c.key = key;
  freeze(c.key, v);
  if (order) c.order = *order;
  c.items = r.update_items;
  for (auto i : found.at) c.uids.push_back(v.uid(i));
  c.seen = v.folder().state().mod_seq();
  c.last_uid = v.last_uid();
  if (!s.contexts().add(std::move(c))) refuse_context(s, "too many searches are kept up to date: CANCELUPDATE one");
}

void answer_search(Session& s, const SearchReturn& r, const SearchKey& key, const Found& found, const SortOrder* order) {
  const View& v = *s.view();
  auto& at = found.at;
  std::string& out = s.out();
  if (!r.extended) {
    out += fmt::format("* {}", s.command());
    auto put = [&](uint32_t i) { fmt::format_to(std::back_inserter(out), " {}", number_of(v, s.is_uid(), i)); };
    if (found.lowest) std::for_each(at.rbegin(), at.rend(), put);  // RFC 9738 §3.1: from the highest down
    else std::for_each(at.begin(), at.end(), put);
    if (!at.empty() && uses(key, Kind::mod_seq)) out += fmt::format(" (MODSEQ {})", highest_mod_seq(v, r, at));
    out += "\r\n";
  } else if (r.says_anything() || r.update) {
    put_esearch(s, v, {s.tag(), {}, 0, s.is_uid()}, r, key, found);
  }
  if (r.save) save_found(s, r, found);
  if (r.update) begin_context(s, r, key, found, order, false);
  s.limited(found.lowest);
  if (found.damaged) return s.no(fmt::format("[SERVERBUG] {} of the messages cannot be read", found.damaged));
  s.ok(std::string(s.command()) + " done");
}

// RFC 5182 §2.1: after a NO `$` is empty, after a BAD it is what it was.
void refuse_search(Session& s, const SearchReturn& r, const SearchMistake& mistake) {
  if (!mistake.is_charset) return s.bad(mistake.why);
  if (r.save) s.saved().clear();
  s.no("[BADCHARSET (UTF-8 US-ASCII)] " + mistake.why);
}

}  // namespace jd::imap
