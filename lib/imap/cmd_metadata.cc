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

// "* METADATA name (...)" of one mailbox; the size of the longest value that was left out.
std::size_t put_metadata(Session& s, uint32_t folder, std::string_view name, const Annotations& all, const Asked& asked) {
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
    auto own = all.find({folder, entry});
    one(entry, own == all.end() ? nullptr : &own->second);
    if (!asked.depth) continue;
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
bool take_place(Session& s, Cursor& c, std::string& name, uint32_t& folder) {
  if (!take_mailbox(s, c, name)) return false;
  if (auto r = s.account().tree().refresh(); !r) return s.failed(r.error(), "cannot read the folders"), false;
  auto info = s.account().tree().find(name);
  folder = info && !name.empty() ? info->id : 0;
  return true;
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

void put_list_metadata(Session& s, const store::FolderInfo& info, const Annotations& all, const std::vector<std::string>& entries) {
  Asked asked;
  asked.entries = entries;
  put_metadata(s, info.id, info.name, all, asked);
}

void cmd_getmetadata(Session& s, Cursor& c) {
  constexpr std::string_view usage = "GETMETADATA takes options, a mailbox and entries below /private/ or /shared/";
  Asked asked;
  std::string name;
  uint32_t folder = 0;
  auto at = c.at();
  // The grammar has the options before the mailbox, the RFC's examples behind it: both are taken.
  if (!c.space() || (c.peek() == '(' && !take_options(c, asked))) return s.bad(usage);
  if (c.at() == at + 1) c.back(at);
  if (!take_place(s, c, name, folder)) return;
  if (!c.space()) return s.bad(usage);
  at = c.at();
  if (c.peek() == '(') {
    Asked later = asked;
    if (take_options(c, later) && c.space()) asked = later;
    else c.back(at);
  }
  if (!take_metadata_entries(c, asked.entries)) return s.bad(usage);
  if (!s.end(c)) return;
  if (!folder && !name.empty()) return s.no("[NONEXISTENT] there is no such mailbox");
  auto all = s.account().annotations();
  if (!all) return s.failed(all.error(), "cannot read the annotations");
  std::size_t longest = put_metadata(s, folder, name, *all, asked);
  s.ok(longest ? fmt::format("[METADATA LONGENTRIES {}] GETMETADATA done", longest) : "GETMETADATA done");
}

void cmd_setmetadata(Session& s, Cursor& c) {
  std::string name, entry;
  uint32_t folder = 0;
  if (!take_place(s, c, name, folder)) return;
  store::AnnotationChanges changes;
  if (!c.space() || !c.is('(')) return s.bad("SETMETADATA takes a list of entries and values");
  do {
    std::optional<std::string> value;
    if (!take_entry(c, entry) || !c.space() || !take_value(c, value) || changes.size() >= max_entries)
      return s.bad("SETMETADATA takes a list of entries below /private/ or /shared/ and values");
    if (value && value->size() > store::max_annotation) return s.no(fmt::format("[METADATA MAXSIZE {}] the value is too long", store::max_annotation));
    changes[{folder, entry}] = std::move(value);
  } while (c.space());
  if (!c.is(')')) return s.bad("the list of entries has no end");
  if (!s.end(c)) return;
  if (!folder && !name.empty()) return s.no("[NONEXISTENT] there is no such mailbox");
  auto r = s.account().annotate(changes);
  if (!r && r.error().fault == Fault::perm && r.error().sys == 0) return s.no("[METADATA TOOMANY] " + r.error().what);
  if (!r) return s.failed(r.error(), "cannot keep the annotations");
  s.mine(changes);
  s.ok("SETMETADATA done");
}

}  // namespace jd::imap
