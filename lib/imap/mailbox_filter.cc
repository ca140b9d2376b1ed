// SPDX-License-Identifier: MIT
#include "lib/imap/mailbox_filter.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {
namespace {

using Kind = MailboxFilter::Kind;

struct Row {
  std::string_view name;
  Kind kind;
  bool takes_names = false;
};
constexpr Row rows[] = {
    {"SELECTED", Kind::selected},     {"SELECTED-DELAYED", Kind::selected_delayed}, {"INBOXES", Kind::inboxes},
    {"PERSONAL", Kind::personal},     {"SUBSCRIBED", Kind::subscribed},             {"SUBTREE", Kind::subtree, true},
    {"SUBTREE-ONE", Kind::subtree_one, true}, {"MAILBOXES", Kind::mailboxes, true},
};

bool is_inbox(std::string_view name) { return iequals(name, "inbox"); }

// INBOX in any case, also as a level.
std::string canonical(std::string name) {
  if (is_inbox(std::string_view(name).substr(0, name.find('/')))) std::transform(name.begin(), name.begin() + 5, name.begin(), to_upper);
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return name;
}

}  // namespace

bool take_mailbox_filter(const Session& s, Cursor& c, MailboxFilter& out, std::string& why) {
  std::string word;
  if (!c.atom(word)) return why = "expected which mailboxes", false;
  word = upper(word);
  auto row = std::find_if(std::begin(rows), std::end(rows), [&](auto& r) { return r.name == word; });
  if (row == std::end(rows)) return why = "no such way to name mailboxes: " + escape(word.substr(0, 40)), false;
  out.kind = row->kind;
  if (!row->takes_names) return true;
  why = word + " takes a mailbox or a list of them";
  if (!c.space()) return false;
  bool in_list = c.is('(');
  do {
    if (!c.astring(word) || out.names.size() >= max_filter_names) return false;
    auto name = name_of(s, word);
    if (!name) return why = "the name of the mailbox is malformed", false;
    out.names.push_back(canonical(std::move(*name)));
  } while (in_list && c.space());
  return !in_list || c.is(')');
}

bool covers(const MailboxFilter& f, std::string_view name, const std::set<std::string>& subscriptions) {
  auto is_below = [&](const std::string& top) {
    if (!name.starts_with(top)) return false;
    if (name.size() == top.size()) return true;
    if (f.kind == Kind::mailboxes || name[top.size()] != '/') return false;
    return f.kind == Kind::subtree || name.find('/', top.size() + 1) == name.npos;
  };
  switch (f.kind) {
    case Kind::selected: case Kind::selected_delayed: return false;
    case Kind::inboxes: case Kind::personal: return true;
    case Kind::subscribed: return subscriptions.contains(std::string(name));
    case Kind::subtree: case Kind::subtree_one: case Kind::mailboxes: break;
  }
  return std::any_of(f.names.begin(), f.names.end(), is_below);
}

}  // namespace jd::imap
