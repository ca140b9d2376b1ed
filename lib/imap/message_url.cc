// SPDX-License-Identifier: MIT
#include "lib/imap/message_url.h"

#include "lib/base/text.h"
#include "lib/imap/fetch_items.h"

namespace jd::imap {
namespace {

std::optional<std::string> percent_decoded(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    auto byte = unhex(s.substr(i + 1, 2));
    if (!byte || byte->size() != 1 || (*byte)[0] == '\0') return {};
    out += *byte;
    i += 2;
  }
  return out;
}

std::optional<uint32_t> number32(std::string_view s) {
  auto n = to_number(s);
  if (!n || *n == 0 || *n >= UINT32_MAX) return {};
  return static_cast<uint32_t>(*n);
}

// "1.2", "HEADER", "1.HEADER.FIELDS (Subject)": read as FETCH reads it.
bool take_section_text(std::string_view text, MessageUrl& out) {
  Command c;
  c.text = "BODY.PEEK[" + std::string(text) + "]";
  Cursor cursor(c);
  std::vector<FetchItem> items;
  std::string why;
  if (!take_fetch_items(cursor, items, why) || !cursor.is_end() || items.size() != 1) return false;
  out.section = items[0].section;
  out.fields = items[0].fields;
  out.all_but = items[0].all_but;
  return true;
}

bool take_partial_text(std::string_view text, MessageUrl& out) {
  auto dot = text.find('.');
  auto from = to_number(text.substr(0, dot));
  auto count = dot == text.npos ? std::optional<uint64_t>(UINT64_MAX) : to_number(text.substr(dot + 1));
  if (!from || !count || *count == 0) return false;
  out.partial = {*from, *count};
  return true;
}

}  // namespace

std::optional<MessageUrl> parse_message_url(std::string_view url) {
  if (!url.starts_with('/') || url.size() > 4000) return {};
  url.remove_prefix(1);
  auto end = url.find("/;");
  if (end == url.npos) return {};
  std::string_view box = url.substr(0, end), rest = url.substr(end + 2);
  MessageUrl out;
  if (auto at = ifind(box, ";UIDVALIDITY="); at != box.npos) {
    auto n = number32(box.substr(at + 13));
    if (!n) return {};
    out.uid_validity = *n;
    box = box.substr(0, at);
  }
  auto mailbox = percent_decoded(box);
  if (!mailbox || mailbox->empty() || !is_utf8(*mailbox)) return {};
  out.mailbox = std::move(*mailbox);
  int step = 0;  // UID, then SECTION, then PARTIAL
  for (bool more = true; more;) {
    auto next = rest.find("/;");
    std::string_view one = rest.substr(0, next);
    more = next != rest.npos;
    if (more) rest.remove_prefix(next + 2);
    if (step == 0 && istarts_with(one, "UID=")) {
      auto n = number32(one.substr(4));
      if (!n) return {};
      out.uid = *n;
      step = 1;
    } else if (step == 1 && istarts_with(one, "SECTION=")) {
      auto text = percent_decoded(one.substr(8));
      if (!text || !take_section_text(*text, out)) return {};
      step = 2;
    } else if ((step == 1 || step == 2) && istarts_with(one, "PARTIAL=")) {
      if (!take_partial_text(one.substr(8), out)) return {};
      step = 3;
    } else {
      return {};
    }
  }
  if (!out.uid) return {};
  return out;
}

}  // namespace jd::imap
