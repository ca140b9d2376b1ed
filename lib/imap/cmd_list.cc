// SPDX-License-Identifier: MIT
// cmd_list.cc: LIST with its extensions (RFC 5258, 5819, 6154) and LSUB.
#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"

namespace jd::imap {
namespace {

constexpr std::size_t max_pattern = 1000, max_patterns = 20;

struct Request {
  bool only_subscribed = false, only_special = false, recursive = false;        // selection
  bool subscribed = false, children = false, special = false, rights = false;   // RETURN
  bool is_extended = false;
  std::vector<std::string> status, metadata;
  std::string reference;
  std::vector<std::string> patterns;
};

struct Node {
  const store::FolderInfo* info = nullptr;  // null: only a level above others, or only subscribed
  Mailbox mailbox;
  bool subscribed = false, has_children = false, matched_below = false;
};
using Nodes = std::map<std::string, Node>;

bool take_selection(Cursor& c, Request& r) {
  if (!c.is('(')) return true;
  r.is_extended = true;
  std::string word;
  while (!c.is(')')) {
    if (!c.atom(word)) return false;
    word = upper(word);
    if (word == "SUBSCRIBED") r.only_subscribed = r.subscribed = true;
    else if (word == "SPECIAL-USE") r.only_special = r.special = true;
    else if (word == "RECURSIVEMATCH") r.recursive = true;
    else if (word != "REMOTE") return false;
    if (!c.space() && c.peek() != ')') return false;
  }
  // RFC 5258 §3: RECURSIVEMATCH needs another selection.
  return (!r.recursive || r.only_subscribed || r.only_special) && c.space();
}

bool take_patterns(const Session& s, Cursor& c, Request& r) {
  std::string wire;
  auto one = [&] {
    if (!c.list_mailbox(wire) || wire.size() > max_pattern || r.patterns.size() >= max_patterns) return false;
    auto utf8 = name_of(s, wire);
    r.patterns.push_back(utf8 ? *utf8 : wire);
    return true;
  };
  if (!c.is('(')) return one();
  r.is_extended = true;
  do {
    if (!one()) return false;
  } while (c.space());
  return c.is(')');
}

bool take_return(const Session& s, Cursor& c, Request& r) {
  if (c.is_end()) return true;
  std::string word;
  if (!c.space() || !c.atom(word) || upper(word) != "RETURN" || !c.space() || !c.is('(')) return false;
  r.is_extended = true;
  while (!c.is(')')) {
    if (!c.atom(word)) return false;
    word = upper(word);
    if (word == "SUBSCRIBED") r.subscribed = true;
    else if (word == "CHILDREN") r.children = true;
    else if (word == "SPECIAL-USE") r.special = true;
    else if (word == "MYRIGHTS") r.rights = true;  // RFC 8440
    else if (word == "STATUS") {
      if (!c.space() || !take_status_items(s, c, r.status)) return false;
    } else if (word == "METADATA") {  // RFC 9590
      if (!c.space() || !take_metadata_entries(c, r.metadata)) return false;
    } else return false;
    if (!c.space() && c.peek() != ')') return false;
  }
  return true;
}

// Every folder, every level above one, and every subscription.
Result<Nodes> all_nodes(Session& s) {
  Nodes nodes;
  auto& tree = s.account().tree();
  CHECK(tree.refresh());
  auto add = [&](const std::string& name, Mailbox m) {
    Node& n = nodes[name];
    if (n.info) return;  // a folder of one's own of such a name
    n.info = m.info;
    n.mailbox = std::move(m);
  };
  for (auto& [id, info] : tree.folders()) add(info.name, {&s.account(), nullptr, info.name, &info, store::Rights::all()});
  TRY(auto shared, s.mailboxes().shared());
  for (auto& [name, m] : shared) add(name, m);
  std::vector<std::string> names;
  for (auto& [name, n] : nodes) names.push_back(name);
  for (auto& name : names)
    for (auto i = name.find('/'); i != name.npos; i = name.find('/', i + 1)) nodes[name.substr(0, i)].has_children = true;
  for (auto& name : tree.subscriptions()) nodes[name].subscribed = true;
  return nodes;
}

bool selected(const Request& r, const Node& n) {
  if (r.only_subscribed && !n.subscribed) return false;
  if (r.only_special && (!n.info || n.mailbox.other || n.info->special == store::Special::none)) return false;
  // A name that is only subscribed is no mailbox and no level either.
  return r.only_subscribed || n.info || n.has_children;
}

void put_node(Session& s, std::string_view command, const Request& r, const std::string& name, const Node& n) {
  std::string flags;
  auto add = [&](std::string_view f) { flags += (flags.empty() ? "" : " ") + std::string(f); };
  if (!n.info) add(r.is_extended ? "\\NonExistent" : "\\Noselect");
  if (n.subscribed && r.subscribed) add("\\Subscribed");
  add(n.has_children ? "\\HasChildren" : "\\HasNoChildren");
  if (n.info && !n.mailbox.other && n.info->special != store::Special::none) add(store::special_name(n.info->special));
  std::string& out = s.out();
  out += "* " + std::string(command) + " (" + flags + ") \"/\" ";
  append_mailbox(s, out, name);
  if (r.recursive && n.matched_below) {
    out += " (\"CHILDINFO\" (";
    out += r.only_subscribed ? "\"SUBSCRIBED\"" : "\"SPECIAL-USE\"";
    out += "))";
  }
  out += "\r\n";
}

// Behind a line of put_node().
void put_old_name(Session& s, std::string_view old_name) {
  std::string& out = s.out();
  out.erase(out.size() - 2);
  out += " (\"OLDNAME\" (";
  append_mailbox(s, out, old_name);
  out += "))\r\n";
}

bool matches_any(const Request& r, const std::string& name) {
  return std::any_of(r.patterns.begin(), r.patterns.end(),
                     [&](auto& p) { return matches(r.reference + p, name); });
}

}  // namespace

void put_list_line(Session& s, const Mailbox& m, std::string_view old_name) {
  auto& folders = m.account->tree().folders();
  Node n;
  n.info = m.info;
  n.mailbox = m;
  n.has_children = std::any_of(folders.begin(), folders.end(), [&](auto& f) {
    return f.second.name.starts_with(m.info->name + "/") && s.mailboxes().rights(*m.account, f.first).has('l');
  });
  std::string name = s.mailboxes().name_of(m);
  put_node(s, "LIST", {}, name, n);
  if (old_name != name) put_old_name(s, old_name);
}

// NOTIFY tells of the user's own mailboxes only.
void put_list_entry(Session& s, const std::string& name, std::string_view old_name) {
  auto& tree = s.account().tree();
  Request r;
  r.is_extended = r.subscribed = true;
  Node n;
  n.info = tree.find(name);
  n.subscribed = tree.subscriptions().contains(name);
  n.has_children = std::any_of(tree.folders().begin(), tree.folders().end(), [&](auto& f) { return f.second.name.starts_with(name + "/"); });
  put_node(s, "LIST", r, name, n);
  if (!old_name.empty()) put_old_name(s, old_name);
}

void cmd_list(Session& s, Cursor& c) {
  Request r;
  std::string wire;
  if (!c.space() || !take_selection(c, r) || !c.astring(wire) || wire.size() > max_pattern || !c.space() ||
      !take_patterns(s, c, r) || !take_return(s, c, r))
    return s.bad("LIST takes a reference, patterns and known options");
  if (!s.end(c)) return;
  auto utf8 = name_of(s, wire);
  r.reference = utf8 ? *utf8 : wire;
  if (!r.is_extended && r.patterns.size() == 1 && r.patterns[0].empty()) {  // RFC 3501 §6.3.8: the delimiter
    s.out() += "* LIST (\\Noselect) \"/\" \"\"\r\n";
    return s.ok("LIST done");
  }
  auto found = all_nodes(s);
  if (!found) return s.failed(found.error(), "cannot read the folders");
  Nodes& nodes = *found;
  std::map<store::Account*, store::Annotations> annotations;
  if (r.recursive) {
    std::vector<std::string> hits;
    for (auto& [name, n] : nodes)
      if (selected(r, n)) hits.push_back(name);
    for (auto& name : hits)
      for (auto i = name.find('/'); i != name.npos; i = name.find('/', i + 1)) nodes[name.substr(0, i)].matched_below = true;
  }
  for (auto& [name, n] : nodes) {
    bool is_selected = selected(r, n);
    if ((!is_selected && !(r.recursive && n.matched_below)) || !matches_any(r, name)) continue;
    put_node(s, "LIST", r, name, n);
    if (n.info && r.rights) put_my_rights(s, n.mailbox);
    if (n.info && !r.status.empty() && n.mailbox.may('r')) {
      if (auto t = put_status(s, n.mailbox, r.status); !t) return s.failed(t.error(), "cannot read a mailbox");
    }
    if (n.info && !r.metadata.empty()) {
      auto [at, is_new] = annotations.try_emplace(n.mailbox.account);
      auto all = is_new ? n.mailbox.account->annotations() : Result<store::Annotations>();
      if (!all) return s.failed(all.error(), "cannot read the annotations");
      if (is_new) at->second = std::move(*all);
      put_list_metadata(s, n.mailbox, at->second, r.metadata);
    }
    s.flush_if_full();
  }
  s.ok("LIST done");
}

void cmd_lsub(Session& s, Cursor& c) {
  Request r;
  std::string wire;
  if (!c.space() || !c.astring(wire) || wire.size() > max_pattern || !c.space() || !c.list_mailbox(r.reference) ||
      r.reference.size() > max_pattern)
    return s.bad("LSUB takes a reference and a pattern");
  if (!s.end(c)) return;
  auto reference = name_of(s, wire), pattern = name_of(s, r.reference);
  std::string whole = (reference ? *reference : wire) + (pattern ? *pattern : r.reference);
  auto& tree = s.account().tree();
  if (auto t = tree.refresh(); !t) return s.failed(t.error(), "cannot read the folders");
  // RFC 3501 §6.3.9: with '%', a level above a subscribed name is told as \Noselect.
  std::map<std::string, bool> told;
  for (auto& name : tree.subscriptions()) {
    if (matches(whole, name)) told[name] = true;
    if (whole.find('%') == whole.npos) continue;
    for (auto i = name.find('/'); i != name.npos; i = name.find('/', i + 1))
      if (matches(whole, name.substr(0, i))) told.emplace(name.substr(0, i), false);
  }
  for (auto& [name, subscribed] : told) {
    s.out() += subscribed ? "* LSUB () \"/\" " : "* LSUB (\\Noselect) \"/\" ";
    append_mailbox(s, s.out(), name);
    s.out() += "\r\n";
  }
  s.ok("LSUB done");
}

}  // namespace jd::imap
