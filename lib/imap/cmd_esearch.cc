// SPDX-License-Identifier: MIT
// cmd_esearch.cc: ESEARCH over several mailboxes (RFC 7377, MULTISEARCH).
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/context.h"
#include "lib/imap/mailbox_filter.h"
#include "lib/imap/search.h"
#include "lib/imap/search_return.h"

namespace jd::imap {
namespace {

using Kind = SearchKey::Kind;

struct Sources {
  std::vector<MailboxFilter> filters;
  bool has_selected = true, only_selected = true;
};

// "IN (SELECTED SUBTREE (a b)) " when it is there.  No scope options are known.
bool take_sources(const Session& s, Cursor& c, Sources& out, std::string& why) {
  auto begin = c.at();
  std::string word;
  if (!c.atom(word) || !iequals(word, "IN") || !c.space()) return c.back(begin), true;
  if (!c.is('(')) return why = "IN takes a list of which mailboxes", false;
  out.has_selected = false;
  do {
    if (c.peek() == '(') return why = "no option behind the mailboxes is known", false;
    if (!take_mailbox_filter(s, c, out.filters.emplace_back(), why)) return false;
    auto kind = out.filters.back().kind;
    if (kind == MailboxFilter::Kind::selected_delayed) return why = "SELECTED-DELAYED is NOTIFY's", false;
    if (kind == MailboxFilter::Kind::selected) out.has_selected = true;
    else out.only_selected = false;
  } while (c.space());
  why = "the list of mailboxes has no end";
  return c.is(')') && c.space();
}

bool is_selected(Session& s, const Mailbox& m) {
  return s.view() && &s.selected_account() == m.account && s.view()->folder().id() == m.info->id;
}

// By name, each once; of others those that the user may read (RFC 4314).
Result<std::map<std::string, Mailbox>> chosen_folders(Session& s, const Sources& sources) {
  auto& tree = s.account().tree();
  CHECK(tree.refresh());
  std::map<std::string, Mailbox> out;
  auto look = [&](const std::string& name, const Mailbox& m) {
    bool is_chosen = (sources.has_selected && is_selected(s, m)) || std::any_of(sources.filters.begin(), sources.filters.end(), [&](auto& f) {
      bool is_personal = f.kind == MailboxFilter::Kind::personal || f.kind == MailboxFilter::Kind::inboxes;
      return !(is_personal && m.other) && covers(f, name, tree.subscriptions());
    });
    if (is_chosen && m.may('r')) out.emplace(name, m);
  };
  for (auto& [id, info] : tree.folders()) look(info.name, {&s.account(), nullptr, info.name, &info, store::Rights::all()});
  TRY(auto shared, s.mailboxes().shared());
  for (auto& [name, m] : shared) look(name, m);
  return out;
}

// A mailbox as a search sees it: the selected one as the client knows it, another as it is.
class Looked {
 public:
  static Result<Looked> at(Session& s, const Mailbox& m, const SearchKey& key) {
    TRY(store::Folder * folder, m.account->folder(m.info->id));
    Looked l(*folder, is_selected(s, m) ? s.view() : nullptr);
    if (!l.selected_) CHECK(l.other_.open());
    l.key = key;
    settle(l.key, l.view(), l.selected_ ? s.saved() : SequenceSet{});
    return l;
  }
  const View& view() const { return selected_ ? *selected_ : other_; }
  bool is_here() const { return selected_ != nullptr; }
  SearchKey key;  // settled

 private:
  Looked(store::Folder& folder, const View* selected) : other_(folder, true), selected_(selected) {}
  View other_;
  const View* selected_;
};

// RFC 9738 leaves this open.  The response code that tells of a limit has room for one mailbox's UID: of
// several, all messages are looked at or none.
Result<bool> is_over_limit(Session& s, const std::map<std::string, Mailbox>& chosen, const SearchKey& key) {
  uint64_t left = s.options().message_limit;
  if (!left || chosen.size() < 2) return false;
  for (auto& [name, m] : chosen) {
    TRY(Looked l, Looked::at(s, m, key));
    Reach r = reach_of(l.key, l.view(), left);
    if (r.is_limited) return true;
    left -= r.messages;
  }
  return false;
}

// One mailbox; what was found there.
Result<Found> search_one(Session& s, const std::string& name, const Mailbox& m, const SearchReturn& r, const SearchKey& key) {
  TRY(Looked l, Looked::at(s, m, key));
  const View& v = l.view();
  s.cache().use(&v.folder(), m.account->segments());
  Found found = run_search(s, *m.account, v, l.key, r.needs_only_first());
  if (r.save) save_found(s, r, found);
  if (r.update && l.is_here()) begin_context(s, r, l.key, found, nullptr, true);
  if (found.at.empty() || !r.says_anything()) return found;  // RFC 7377 §2.1: told of no mailbox without a match
  Correlator c{.tag = s.tag(), .mailbox = name, .uid_validity = v.folder().state().uid_validity(), .by_uid = true};
  put_esearch(s, v, c, r, l.key, found);
  s.flush_if_full();
  return found;
}

}  // namespace

void cmd_esearch(Session& s, Cursor& c) {
  Sources sources;
  SearchKey key;
  SearchMistake mistake;
  SearchReturn r;
  if (!c.space()) return s.bad("ESEARCH what?");
  if (!take_sources(s, c, sources, mistake.why) || !take_return(c, r, mistake.why) || !take_search(c, key, mistake))
    return refuse_search(s, r, mistake);
  if (!r.extended) r.extended = r.all = true;
  if (r.relevancy && !uses(key, Kind::fuzzy)) return s.bad("RELEVANCY goes with FUZZY");
  if (s.has(Ext::uidonly) && uses(key, Kind::sequence)) return s.bad("[UIDREQUIRED] no sequence numbers");
  if (sources.has_selected && !s.view()) return s.bad("no mailbox is selected");
  if (r.update && !s.view()) return s.bad("UPDATE is about the selected mailbox, and none is selected");
  if (r.update && s.contexts().has(s.tag())) return s.bad("the tag is in use by a search that is kept up to date");
  if (r.save && !sources.only_selected) return s.bad("SAVE keeps what is found in the selected mailbox only");
  auto chosen = chosen_folders(s, sources);
  if (!chosen) return s.failed(chosen.error(), "cannot read the folders");
  if (uses(key, Kind::mod_seq)) s.enable(Ext::condstore);
  auto is_over = is_over_limit(s, *chosen, key);
  if (!is_over) return s.failed(is_over.error(), "cannot read a mailbox");
  if (*is_over) return s.too_many(0);
  std::size_t damaged = 0;
  uint32_t lowest = 0;
  Status done;
  if (r.update && std::none_of(chosen->begin(), chosen->end(), [&](auto& f) { return is_selected(s, f.second); }))
    refuse_context(s, "the selected mailbox is not among those that are searched");
  for (auto& [name, m] : *chosen) {
    auto one = search_one(s, name, m, r, key);
    if (one) damaged += one->damaged, lowest = std::max(lowest, one->lowest);
    else done = Unexpected(one.error());
    if (!one || s.is_over()) break;
  }
  s.cache().use(s.view() ? &s.view()->folder() : nullptr, s.selected_account().segments());
  if (!done) return s.failed(done.error(), "cannot read a mailbox");
  s.limited(lowest);
  if (damaged) return s.no(fmt::format("[SERVERBUG] {} of the messages cannot be read", damaged));
  s.ok("ESEARCH done");
}

}  // namespace jd::imap
