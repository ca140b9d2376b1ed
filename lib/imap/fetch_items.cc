// SPDX-License-Identifier: MIT
#include "lib/imap/fetch_items.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd::imap {
namespace {

struct Simple { std::string_view name; Fetch what; };
constexpr Simple simple[] = {
    {"FLAGS", Fetch::flags}, {"INTERNALDATE", Fetch::internal_date}, {"RFC822.SIZE", Fetch::size},
    {"ENVELOPE", Fetch::envelope}, {"BODYSTRUCTURE", Fetch::body_structure}, {"UID", Fetch::uid}, {"MODSEQ", Fetch::mod_seq},
    {"SAVEDATE", Fetch::saved}, {"EMAILID", Fetch::email_id}, {"THREADID", Fetch::thread_id},
};

void add(std::vector<FetchItem>& out, Fetch what, std::string label) {
  FetchItem i;
  i.what = what;
  i.label = std::move(label);
  out.push_back(std::move(i));
}

// "1.2.HEADER", "TEXT", "3.MIME", "": is it the grammar's section-spec?  Upper case.
bool is_section(std::string_view s) {
  bool has_number = false;
  while (!s.empty() && is_digit(s[0])) {
    auto dot = s.find('.');
    auto n = to_number(s.substr(0, dot));
    if (!n || *n == 0 || *n > UINT32_MAX) return false;
    has_number = true;
    if (dot == s.npos) return true;
    s.remove_prefix(dot + 1);
    if (s.empty()) return false;
  }
  return (s.empty() && !has_number) || s == "HEADER" || s == "HEADER.FIELDS" || s == "HEADER.FIELDS.NOT" ||
         s == "TEXT" || (s == "MIME" && has_number);
}

bool take_fields(Cursor& c, FetchItem& item) {
  if (!c.space() || !c.is('(')) return false;
  item.label += " (";
  std::string name;
  do {
    if (!c.astring(name) || item.fields.size() >= 1000) return false;
    if (!item.fields.empty()) item.label += ' ';
    append_astring(item.label, name);
    item.fields.push_back(name);
  } while (c.space());
  item.label += ')';
  return c.is(')');
}

// "<0.100>", if it is there.
bool take_partial(Cursor& c, FetchItem& item) {
  if (!c.is('<')) return true;
  uint64_t from, count;
  if (!c.number64(from) || !c.is('.') || !c.number64(count) || count == 0 || !c.is('>')) return false;
  item.partial = {from, count};
  item.label += fmt::format("<{}>", from);
  return true;
}

// Behind "BODY[": section, "]" and perhaps "<0.100>".
bool take_section(Cursor& c, FetchItem& item) {
  std::string section;
  c.word(section);  // may be empty: BODY[]
  section = upper(section);
  if (!is_section(section)) return false;
  item.label = "BODY[" + section;
  item.has_fields = section.ends_with("HEADER.FIELDS") || section.ends_with("HEADER.FIELDS.NOT");
  item.all_but = section.ends_with(".NOT");
  if (item.has_fields) {
    section.erase(section.rfind(".FIELDS"));
    if (!take_fields(c, item)) return false;
  }
  item.section = section;
  item.label += ']';
  if (!c.is(']')) return false;
  return take_partial(c, item);
}

// RFC 3516: numbers only; "" is the whole message.
bool take_binary(Cursor& c, FetchItem& item, std::string_view word) {
  c.word(item.section);
  if (!c.is(']') || !is_section(item.section) || (!item.section.empty() && !is_digit(item.section.back()))) return false;
  item.what = word == "BINARY.SIZE" ? Fetch::binary_size : Fetch::binary;
  item.label = (word == "BINARY.SIZE" ? "BINARY.SIZE[" : "BINARY[") + item.section + "]";
  item.marks_seen = word == "BINARY";
  return word == "BINARY.SIZE" || take_partial(c, item);
}

// RFC 8970 §3.2: LAZY allows NIL; a preview is always made.
bool take_lazy(Cursor& c) {
  auto at = c.at();
  std::string word;
  if (!c.space() || !c.is('(')) return c.back(at), true;
  return c.atom(word) && iequals(word, "LAZY") && c.is(')');
}

bool take_item(Cursor& c, std::vector<FetchItem>& out) {
  // Words end where '[' begins a section.
  std::string word;
  if (!c.word(word)) return false;
  word = upper(word);
  for (auto& s : simple)
    if (word == s.name) return add(out, s.what, std::string(s.name)), true;
  FetchItem item;
  item.what = Fetch::section;
  if (word == "RFC822" || word == "RFC822.HEADER" || word == "RFC822.TEXT") {
    item.label = word;
    item.section = word == "RFC822" ? "" : word.substr(7);
    item.marks_seen = word != "RFC822.HEADER";
    out.push_back(std::move(item));
    return true;
  }
  if (word == "BODY" && c.peek() != '[') return add(out, Fetch::body, "BODY"), true;
  if (word == "PREVIEW") return add(out, Fetch::preview, "PREVIEW"), take_lazy(c);
  if (word == "BINARY" || word == "BINARY.PEEK" || word == "BINARY.SIZE") {
    if (!c.is('[') || !take_binary(c, item, word)) return false;
    out.push_back(std::move(item));
    return true;
  }
  if ((word != "BODY" && word != "BODY.PEEK") || !c.is('[') || !take_section(c, item)) return false;
  item.marks_seen = word == "BODY";
  out.push_back(std::move(item));
  return true;
}

bool take_macro(Cursor& c, std::vector<FetchItem>& out) {
  auto at = c.at();
  std::string word;
  c.word(word);
  word = upper(word);
  if (!c.is_end() || (word != "ALL" && word != "FAST" && word != "FULL")) return c.back(at), false;
  add(out, Fetch::flags, "FLAGS");
  add(out, Fetch::internal_date, "INTERNALDATE");
  add(out, Fetch::size, "RFC822.SIZE");
  if (word != "FAST") add(out, Fetch::envelope, "ENVELOPE");
  if (word == "FULL") add(out, Fetch::body, "BODY");
  return true;
}

}  // namespace

bool take_fetch_items(Cursor& c, std::vector<FetchItem>& out, std::string& why) {
  if (take_macro(c, out)) return true;
  bool in_list = c.is('(');
  do {
    if (out.size() >= max_fetch_items) return why = "too many items", false;
    if (!take_item(c, out)) return why = "not an item of FETCH: " + escape(c.rest().substr(0, 40)), false;
  } while (in_list && c.space());
  if (in_list && !c.is(')')) return why = "the list of items has no end", false;
  return true;
}

}  // namespace jd::imap
