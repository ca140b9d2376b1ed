// SPDX-License-Identifier: MIT
// cmd_search.cc: SEARCH, SORT (RFC 5256, 5957), THREAD, each with its UID form, and CANCELUPDATE (RFC 5267).
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/context.h"
#include "lib/imap/search.h"
#include "lib/imap/search_return.h"
#include "lib/imap/sort.h"
#include "lib/imap/thread.h"

namespace jd::imap {
namespace {

using Kind = SearchKey::Kind;

// ` charset keys` behind SORT's and THREAD's own words.  false: answered.
bool take_keys(Session& s, Cursor& c, const SearchReturn& r, SearchKey& key) {
  SearchMistake mistake;
  std::string charset;
  if (!c.space() || !c.astring(charset) || !c.space())
    return s.bad(std::string(s.command()) + " takes a charset and keys"), false;
  if (!take_search_in(std::move(charset), c, key, mistake)) return refuse_search(s, r, mistake), false;
  if (s.has(Ext::uidonly) && uses(key, Kind::sequence)) return s.bad("[UIDREQUIRED] no sequence numbers"), false;
  settle(key, *s.view(), s.saved());
  if (uses(key, Kind::mod_seq)) s.enable(Ext::condstore);
  return true;
}

}  // namespace

void cmd_search(Session& s, Cursor& c) {
  SearchKey key;
  SearchMistake mistake;
  SearchReturn r;
  if (!c.space()) return s.bad("SEARCH what?");
  if (!take_return(c, r, mistake.why) || !take_search(c, key, mistake)) return refuse_search(s, r, mistake);
  if (r.relevancy && !uses(key, Kind::fuzzy)) return s.bad("RELEVANCY goes with FUZZY");
  if (r.update && s.contexts().has(s.tag())) return s.bad("the tag is in use by a search that is kept up to date");
  if (s.has(Ext::uidonly) && uses(key, Kind::sequence)) return s.bad("[UIDREQUIRED] no sequence numbers");  // RFC 9586
  settle(key, *s.view(), s.saved());
  if (uses(key, Kind::mod_seq)) s.enable(Ext::condstore);  // RFC 7162 §3.1
  if (s.has(Ext::rev2) && !r.extended) r.extended = r.all = true;  // RFC 9051 has no SEARCH answer
  answer_search(s, r, key, run_search(s, s.selected_account(), *s.view(), key, r.needs_only_first()));
}

void cmd_sort(Session& s, Cursor& c) {
  SearchKey key;
  SearchReturn r;
  SortOrder order;
  std::string why;
  if (!c.space()) return s.bad("SORT how?");
  if (!take_return(c, r, why) || !take_sort_order(c, order, why)) return s.bad(why);
  if (!take_keys(s, c, r, key)) return;
  if (r.update && s.contexts().has(s.tag())) return s.bad("the tag is in use by a search that is kept up to date");
  if ((r.relevancy || order.by_relevancy) && !uses(key, Kind::fuzzy)) return s.bad("RELEVANCY goes with FUZZY");
  if (is_over_limit(s, r, key)) return;
  Found found = run_search(s, s.selected_account(), *s.view(), key);
  sort_found(s, order, found);
  answer_search(s, r, key, found, &order);
}

void cmd_cancel_update(Session& s, Cursor& c) {
  std::vector<std::string> tags;
  do {
    if (!c.space() || !c.astring(tags.emplace_back())) return s.bad("CANCELUPDATE takes the tags of searches");
  } while (!c.is_end() && tags.size() < max_contexts);
  if (!s.end(c)) return;
  for (auto& t : tags)
    if (!s.contexts().has(t)) return s.bad("no search with such a tag is kept up to date");
  for (auto& t : tags) (void)s.contexts().cancel(t);  // one may be named twice
  s.ok("no further updates");
}

void cmd_thread(Session& s, Cursor& c) {
  std::string name;
  if (!c.space() || !c.atom(name)) return s.bad("THREAD how?");
  auto how = thread_algorithm(upper(name));
  if (!how) return s.bad("no such way to thread: " + escape(name.substr(0, 40)));
  SearchKey key;
  if (!take_keys(s, c, {}, key)) return;
  if (is_over_limit(s, {}, key)) return;
  Found found = run_search(s, s.selected_account(), *s.view(), key);
  std::vector<ThreadMessage> messages = thread_messages(s, found);
  s.out() += "* THREAD";
  if (!messages.empty()) s.out() += ' ';
  put_threads(*how, messages, s.out());
  s.out() += "\r\n";
  if (found.damaged) return s.no(fmt::format("[SERVERBUG] {} of the messages cannot be read", found.damaged));
  s.ok("THREAD done");
}

}  // namespace jd::imap
