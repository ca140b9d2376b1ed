// SPDX-License-Identifier: MIT
// cmd_metadata.cc: GETMETADATA and SETMETADATA (RFC 5464), for mailboxes and, as "", the account; and
// what LIST RETURN (METADATA ...) tells (RFC 9590).
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {
namespace {

using store::Annotations;

constexpr std::size_t max_entries = 100, max_entry_name = 255;

// RFC 5464 §3.2: "/private/..." or "/shared/...", in any case; kept in lower case.
bool take_entry(Cursor& c, std::string& name) {
  if (!c.astring(name) || name.size() > max_entry_name) return false;
  name = lower(name);
  bool is_plain = std::none_of(name.begin(), name.end(), [](char ch) { return is_ctl(ch) || is_8bit(ch) || ch == '*' || ch == '%'; });
  return is_plain && (name.starts_with("/private/") || name.starts_with("/shared/")) && name.find("//") == name.npos && !name.ends_with('/');
}

// A value, or NIL.
bool take_value(Cursor& c, std::optional<std::string>& value) {
  std::string_view rest = c.rest();
  if (istarts_with(rest, "nil") && (rest.size() == 3 || !is_atom_char(rest[3]))) {
    std::string nil;
    value.reset();
    return c.nstring(nil);
  }
  bool is_literal8 = c.is('~');
  if (is_literal8 && !c.is_literal()) return false;
  return c.string(value.emplace());
}

void put_value(std::string& out, const std::string& value) {
  bool is_plain = value.size() < 1000 && std::none_of(value.begin(), value.end(), [](char ch) { return is_ctl(ch) || is_8bit(ch); });
  if (is_plain) return append_string(out, value);
  if (value.find('\0') != value.npos) out += '~';
  out += fmt::format("{{{}}}\r\n", value.size());
  out += value;
}

// Which of an account's values are asked for.
struct Asked {
  std::vector<std::string> entries;
  std::optional<uint64_t> max_size;
  int depth = 0;  // levels below; 2: all
};

// RFC 5464 §4: what is private of a mailbox of another would be his.
bool is_hidden(const Mailbox& m, std::string_view entry) { return m.other && entry.starts_with("/private/"); }

// "* METADATA name (...)" of one mailbox; the size of the longest value that was left out.
std::size_t put_metadata(Session& s, const Mailbox& m, std::string_view name, const Annotations& all, const Asked& asked) {
  uint32_t folder = m.info ? m.info->id : 0;
  std::string values;
  std::size_t longest = 0;
  auto one = [&](const std::string& entry, const std::string* value) {
    if (value && asked.max_size && value->size() > *asked.max_size) {
      longest = std::max(longest, value->size());
      return;
    }
    values += (values.empty() ? "" : " ") + entry + " ";
    if (value) put_value(values, *value);
    else values += "NIL";
  };
  for (auto& entry : asked.entries) {
    auto own = is_hidden(m, entry) ? all.end() : all.find({folder, entry});
    one(entry, own == all.end() ? nullptr : &own->second);
    if (!asked.depth || is_hidden(m, entry + "/")) continue;
    std::string below = entry + "/";
    for (auto i = all.lower_bound({folder, below}); i != all.end() && i->first.first == folder && i->first.second.starts_with(below); ++i)
      if (asked.depth > 1 || i->first.second.find('/', below.size()) == std::string::npos) one(i->first.second, &i->second);
  }
  if (values.empty()) return longest;
  s.out() += "* METADATA ";
  append_mailbox(s, s.out(), name);
  s.out() += " (" + values + ")\r\n";
  s.flush_if_full();
  return longest;
}

// "(MAXSIZE n DEPTH 1)"
bool take_options(Cursor& c, Asked& asked) {
  if (!c.is('(')) return false;
  std::string word;
  uint64_t n;
  do {
    if (!c.atom(word) || !c.space()) return false;
    if (iequals(word, "MAXSIZE")) {
      if (!c.number(n)) return false;
      asked.max_size = n;
    } else if (iequals(word, "DEPTH")) {
      if (!c.atom(word) || (word != "0" && word != "1" && !iequals(word, "infinity"))) return false;
      asked.depth = word == "0" ? 0 : word == "1" ? 1 : 2;
    } else {
      return false;
    }
  } while (c.space());
  return c.is(')');
}

// The mailbox of the command, "" is the account (folder 0).  false: answered.
bool take_place(Session& s, Cursor& c, std::string& name, Mailbox& m) {
  if (!take_mailbox(s, c, name)) return false;
  auto found = s.mailboxes().find(name);
  if (!found) return s.failed(found.error(), "cannot read the folders"), false;
  m = *found;
  if (name.empty()) m.info = nullptr;
  return true;
}

// RFC 5464 §4: l and one of these to see it, w to change it.  false: answered.
bool may_at(Session& s, const Mailbox& m, std::string_view name, std::string_view one_of) {
  if (name.empty() || (m.info && m.may('l') && m.rights.has_any(one_of))) return true;
  return deny(s, m), false;
}

}  // namespace

bool take_metadata_entries(Cursor& c, std::vector<std::string>& entries) {
  std::string name;
  bool in_list = c.is('(');
  do {
    if (!take_entry(c, name) || entries.size() >= max_entries) return false;
    entries.push_back(name);
  } while (in_list && c.space());
  return !in_list || c.is(')');
}

void put_list_metadata(Session& s, const Mailbox& m, const Annotations& all, const std::vector<std::string>& entries) {
  Asked asked;
  asked.entries = entries;
  if (m.rights.has_any("rswip")) put_metadata(s, m, s.mailboxes().name_of(m), all, asked);
}

void cmd_getmetadata(Session& s, Cursor& c) {
  constexpr std::string_view usage = "GETMETADATA takes options, a mailbox and entries below /private/ or /shared/";
  Asked asked;
  std::string name;
  Mailbox m;
  auto at = c.at();
  // The grammar has the options before the mailbox, the RFC's examples behind it: both are taken.
  if (!c.space() || (c.peek() == '(' && !take_options(c, asked))) return s.bad(usage);
  if (c.at() == at + 1) c.back(at);
  if (!take_place(s, c, name, m)) return;
  if (!c.space()) return s.bad(usage);
  at = c.at();
  if (c.peek() == '(') {
    Asked later = asked;
    if (take_options(c, later) && c.space()) asked = later;
    else c.back(at);
  }
  if (!take_metadata_entries(c, asked.entries)) return s.bad(usage);
  if (!s.end(c)) return;
  if (!may_at(s, m, name, "rswip")) return;
  auto all = m.account->annotations();
  if (!all) return s.failed(all.error(), "cannot read the annotations");
  std::size_t longest = put_metadata(s, m, name, *all, asked);
  s.ok(longest ? fmt::format("[METADATA LONGENTRIES {}] GETMETADATA done", longest) : "GETMETADATA done");
}

void cmd_setmetadata(Session& s, Cursor& c) {
  std::string name, entry;
  Mailbox m;
  if (!take_place(s, c, name, m)) return;
  uint32_t folder = m.info ? m.info->id : 0;
  bool has_hidden = false;
  store::AnnotationChanges changes;
  if (!c.space() || !c.is('(')) return s.bad("SETMETADATA takes a list of entries and values");
  do {
    std::optional<std::string> value;
    if (!take_entry(c, entry) || !c.space() || !take_value(c, value) || changes.size() >= max_entries)
      return s.bad("SETMETADATA takes a list of entries below /private/ or /shared/ and values");
    if (value && value->size() > store::max_annotation) return s.no(fmt::format("[METADATA MAXSIZE {}] the value is too long", store::max_annotation));
    has_hidden = has_hidden || is_hidden(m, entry);
    changes[{folder, entry}] = std::move(value);
  } while (c.space());
  if (!c.is(')')) return s.bad("the list of entries has no end");
  if (!s.end(c)) return;
  if (!may_at(s, m, name, "w")) return;
  if (has_hidden) return s.no("[METADATA NOPRIVATE] in a mailbox of another there is only /shared");
  auto r = m.account->annotate(changes);
  if (!r && r.error().fault == Fault::perm && r.error().sys == 0) return s.no("[METADATA TOOMANY] " + r.error().what);
  if (!r) return s.failed(r.error(), "cannot keep the annotations");
  if (!m.other) s.mine(changes);
  s.ok("SETMETADATA done");
}

}  // namespace jd::imap
