// SPDX-License-Identifier: MIT
#include "lib/mime/complete.h"

#include <algorithm>
#include <unordered_set>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/writer.h"

namespace jd::mime {
namespace {

struct Line { std::string_view name, value, whole; };  // a field with its folded lines

// RFC 5322 §2.2: printable ASCII but the colon; blanks before the colon are the obsolete form's.
std::string_view field_name(std::string_view line) {
  auto colon = line.find(':');
  if (colon == line.npos || colon == 0) return {};
  auto name = line.substr(0, colon);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  if (name.empty() || std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; })) return {};
  return name;
}

// The fields at the start; returns where the body begins.  A line that is no field begins the body.
std::size_t read_header(std::string_view m, std::vector<Line>& fields) {
  std::size_t at = 0;
  while (at < m.size()) {
    auto end = m.find("\r\n", at);
    end = end == m.npos ? m.size() : end + 2;
    auto line = m.substr(at, end - at);
    if (line == "\r\n") return end;
    bool is_more = (line[0] == ' ' || line[0] == '\t') && !fields.empty();
    if (is_more) {
      Line& f = fields.back();
      f.whole = m.substr(static_cast<std::size_t>(f.whole.data() - m.data()), f.whole.size() + line.size());
      f.value = f.whole.substr(static_cast<std::size_t>(f.value.data() - f.whole.data()));
    } else {
      auto name = field_name(line);
      if (name.empty()) return at;
      fields.push_back({name, line.substr(line.find(':') + 1), line});
    }
    at = end;
  }
  return at;
}

constexpr std::string_view address_fields[] = {"from", "sender", "reply-to", "to", "cc"};
constexpr std::string_view recipient_fields[] = {"to", "cc", "bcc"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) {
  return std::any_of(std::begin(names), std::end(names), [&](auto n) { return iequals(name, n); });
}
std::string_view without_resent(std::string_view name) { return istarts_with(name, "resent-") ? name.substr(7) : name; }

bool lacks_domain(const Address& a) { return a.is_mailbox() && !a.local.empty() && a.domain.empty(); }

std::string qualified_list(std::vector<Address> list, const std::string& origin, std::string_view name) {
  std::string line = std::string(name) + ":", r;
  bool first = true;
  auto put = [&](const std::string& s) {
    if (line.size() + s.size() > 76 && line.size() > name.size() + 1) {
      r += line + "\r\n";
      line.clear();
    }
    line += " " + s;
  };
  for (std::size_t i = 0; i < list.size(); i++) {
    Address& a = list[i];
    if (a.kind == Address::Kind::group_end) {
      line += ";";
      first = false;
      continue;
    }
    if (!first) line += ",";
    first = a.kind == Address::Kind::group_begin;
    if (first) {
      put(encode_phrase(decode_words(a.name)) + ":");
      continue;
    }
    if (lacks_domain(a)) a.domain = origin;
    put(a.local.empty() ? encode_phrase(decode_words(a.name)) : format_mailbox(decode_words(a.name), a.local, a.domain));
  }
  return r + line + "\r\n";
}

void add_mailboxes(std::string_view value, const std::string& origin, std::vector<std::string>& to) {
  for (auto& a : parse_addresses(value)) {
    if (!a.is_mailbox() || a.local.empty() || to.size() >= max_addresses) continue;
    if (a.domain.empty()) a.domain = origin;
    to.push_back(address_spec(a));
  }
}

void keep_each_once(std::vector<std::string>& addresses) {
  std::unordered_set<std::string> seen;
  std::erase_if(addresses, [&](auto& a) { return !seen.insert(lower(a)).second; });
}
}  // namespace

std::string whole_lines(std::string_view b) {
  std::string r;
  r.reserve(b.size() + b.size() / 32 + 2);
  for (std::size_t at = 0; at < b.size();) {
    auto end = b.find_first_of("\r\n", at);
    if (end == b.npos) {
      r.append(b.substr(at));
      break;
    }
    r.append(b.substr(at, end - at));
    r += "\r\n";
    auto next = end;
    while (next < b.size() && b[next] == '\r') next++;
    // Only CRs that a LF ends are one line end together; others are one each.
    at = next < b.size() && b[next] == '\n' ? next + 1 : end + 1;
    if (next > end && at == end + 1)
      for (; at < next; at++) r += "\r\n";
  }
  if (!r.empty() && !r.ends_with("\r\n")) r += "\r\n";
  return r;
}

std::vector<std::string> mailboxes_of(std::string_view list, const std::string& origin) {
  std::vector<std::string> r;
  add_mailboxes(list, origin, r);
  keep_each_once(r);
  return r;
}

Completed complete(std::string_view m, const Completion& c) {
  if (m.starts_with("From ") || m.starts_with(">From ")) m.remove_prefix(std::min(m.find("\r\n"), m.size() - 2) + 2);
  std::vector<Line> fields;
  std::size_t body = read_header(m, fields);
  bool is_resent = std::any_of(fields.begin(), fields.end(), [](auto& f) { return istarts_with(f.name, "resent-"); });
  auto has = [&](std::string_view name) {
    return std::any_of(fields.begin(), fields.end(), [&](auto& f) { return iequals(f.name, name); });
  };
  Completed r;
  std::string& out = r.message;
  out.reserve(m.size() + 400);
  if (!has("date")) out += "Date: " + rfc5322_date(c.now) + "\r\n";
  if (!has("from")) {
    std::string from = c.sender.empty() ? "MAILER-DAEMON@" + c.origin : c.sender;
    auto at = from.rfind('@');
    out += "From: " + format_mailbox(c.full_name, from.substr(0, at), at == from.npos ? c.origin : from.substr(at + 1)) + "\r\n";
  }
  if (!has("message-id")) out += "Message-ID: " + new_message_id(c.host) + "\r\n";
  for (auto& f : fields) {
    bool is_recipient = is_one_of(without_resent(f.name), recipient_fields) && istarts_with(f.name, "resent-") == is_resent;
    if (c.wants_recipients && is_recipient) add_mailboxes(f.value, c.origin, r.recipients);
    if (iequals(without_resent(f.name), "bcc") || iequals(f.name, "return-path")) continue;
    if (is_one_of(without_resent(f.name), address_fields)) {
      auto list = parse_addresses(f.value);
      if (std::any_of(list.begin(), list.end(), lacks_domain)) {
        out += qualified_list(std::move(list), c.origin, f.name);
        continue;
      }
    }
    out += f.whole;
  }
  out += "\r\n";
  out += m.substr(body);
  keep_each_once(r.recipients);
  r.has_8bit = !is_ascii(out);
  return r;
}

}  // namespace jd::mime
