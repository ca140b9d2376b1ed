// SPDX-License-Identifier: MIT
#include "lib/mime/imap_form.h"

#include <fmt/core.h>

#include <optional>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/downgrade.h"
#include "lib/mime/header.h"
#include "lib/mime/section.h"

namespace jd::mime {
namespace {

constexpr std::size_t max_value = 64 << 10;
constexpr std::size_t max_quoted = 1000;
constexpr std::size_t max_list = 1000;

void append_address(std::string& out, const Address& a) {
  out += '(';
  if (a.kind == Address::Kind::mailbox) {
    append_imap_nstring(out, a.name);
    out += ' ';
    append_imap_nstring(out, a.route);
    out += ' ';
    append_imap_string(out, a.local);  // NIL would mean a group's end, so an absent one is ""
    out += ' ';
    append_imap_string(out, a.domain);
  } else if (a.kind == Address::Kind::group_begin) {
    out += "NIL NIL ";
    append_imap_string(out, a.name);
    out += " NIL";
  } else {
    out += "NIL NIL NIL NIL";
  }
  out += ')';
}

std::string address_list(std::optional<std::string_view> value) {
  std::vector<Address> list = parse_addresses(value.value_or(""), max_list);
  if (list.empty()) return "NIL";
  std::string r = "(";
  for (const Address& a : list) append_address(r, a);
  return r + ")";
}

// The fields of an envelope, the first of each name.
struct EnvelopeFields {
  std::optional<std::string_view> date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to,
      message_id;
};

EnvelopeFields pick(std::string_view header) {
  EnvelopeFields e;
  struct Slot {
    std::string_view name;
    std::optional<std::string_view>* value;
  };
  const Slot slots[] = {{"date", &e.date},         {"subject", &e.subject},
                        {"from", &e.from},         {"sender", &e.sender},
                        {"reply-to", &e.reply_to}, {"to", &e.to},
                        {"cc", &e.cc},             {"bcc", &e.bcc},
                        {"in-reply-to", &e.in_reply_to}, {"message-id", &e.message_id}};
  FieldReader reader(header);
  for (Field f; reader.next(f);)
    for (const Slot& s : slots)
      if (f.name.size() == s.name.size() && !*s.value && iequals(f.name, s.name))
        *s.value = f.value.substr(0, max_value);
  return e;
}

void append_text(std::string& out, std::optional<std::string_view> value) {
  append_imap_nstring(out, value ? unfold(*value) : std::string());
}

void append_params(std::string& out, const Parameters& params) {
  if (params.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  bool first = true;
  for (const auto& [name, value] : params) {
    if (!std::exchange(first, false)) out += ' ';
    append_imap_string(out, name);
    out += ' ';
    append_imap_string(out, value);
  }
  out += ')';
}

constexpr std::string_view empty_text =
    R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))";
constexpr std::string_view empty_text_extended =
    R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL))";

class StructureWriter {
 public:
  StructureWriter(std::string_view message, bool extended) : message_(message), extended_(extended) {}

  void part(std::string& out, const Part& p) const {  // as deep as the tree: limited
    out += '(';
    if (p.is_multipart()) multipart(out, p);
    else single(out, p);
    out += ')';
  }

 private:
  void multipart(std::string& out, const Part& p) const {
    for (const Part& c : p.children) part(out, c);
    if (p.children.empty()) out += extended_ ? empty_text_extended : empty_text;
    out += ' ';
    append_imap_string(out, p.subtype);
    if (!extended_) return;
    out += ' ';
    append_params(out, p.parameters);
    out += ' ';
    tail(out, p);
  }
  void single(std::string& out, const Part& p) const {
    bool bare = p.is_message() && p.children.empty();  // at a limit: there is no envelope to show
    append_imap_string(out, bare ? "application" : p.type);
    out += ' ';
    append_imap_string(out, bare ? "octet-stream" : p.subtype);
    out += ' ';
    append_params(out, p.parameters);
    out += ' ';
    append_imap_nstring(out, p.id);
    out += ' ';
    append_imap_nstring(out, p.description);
    out += ' ';
    append_imap_string(out, p.encoding.empty() ? std::string_view("7bit") : p.encoding);
    out += fmt::format(" {}", p.body_size());
    if (p.is_text()) out += fmt::format(" {}", p.lines);
    if (p.is_message() && !p.children.empty()) {
      const Part& inner = p.children.front();
      auto header = Range{inner.header_begin, inner.body_begin}.of(message_);
      out += ' ' + imap_envelope(header) + ' ';
      part(out, inner);
      out += fmt::format(" {}", p.lines);
    }
    if (!extended_) return;
    out += ' ';
    append_imap_nstring(out, p.md5);
    out += ' ';
    tail(out, p);
  }
  // body-fld-dsp SP body-fld-lang SP body-fld-loc
  static void tail(std::string& out, const Part& p) {
    if (p.disposition.type.empty()) {
      out += "NIL";
    } else {
      out += '(';
      append_imap_string(out, p.disposition.type);
      out += ' ';
      append_params(out, p.disposition.parameters);
      out += ')';
    }
    out += ' ';
    out += p.languages.empty() ? "NIL" : "(";
    for (std::size_t i = 0; i < p.languages.size(); i++) {
      if (i > 0) out += ' ';
      append_imap_string(out, p.languages[i]);
    }
    out += p.languages.empty() ? " " : ") ";
    append_imap_nstring(out, p.location);
  }

  std::string_view message_;
  bool extended_;
};

}  // namespace

void append_imap_string(std::string& out, std::string_view s) {
  s = s.substr(0, max_value);
  bool literal = s.size() > max_quoted || !is_ascii(s);
  if (literal) out += fmt::format("{{{}}}\r\n", s.size());
  else out += '"';
  for (char c : s) {
    if (c == '\0' || c == '\r' || c == '\n') c = ' ';
    if (!literal && (c == '"' || c == '\\')) out += '\\';
    out += c;
  }
  if (!literal) out += '"';
}

void append_imap_nstring(std::string& out, std::string_view s) {
  if (s.empty()) out += "NIL";
  else append_imap_string(out, s);
}

std::string imap_envelope(std::string_view header) {
  EnvelopeFields e = pick(header);
  std::string out = "(";
  append_text(out, e.date);
  out += ' ';
  append_text(out, e.subject);
  std::string from = address_list(e.from);
  out += ' ' + from;
  for (auto& value : {e.sender, e.reply_to}) {  // absent or empty: From's (RFC 3501 §7.4.2)
    std::string list = address_list(value);
    out += ' ' + (list == "NIL" ? from : list);
  }
  for (auto& value : {e.to, e.cc, e.bcc}) out += ' ' + address_list(value);
  for (auto& value : {e.in_reply_to, e.message_id}) {
    out += ' ';
    append_text(out, value);
  }
  return out + ")";
}

std::string imap_body(std::string_view message, const Part& part) {
  std::string out;
  StructureWriter(message, false).part(out, part);
  return out;
}

std::string imap_bodystructure(std::string_view message, const Part& part) {
  std::string out;
  StructureWriter(message, true).part(out, part);
  return out;
}

namespace {
void shift(Part& p, uint64_t bytes) {
  p.header_begin += bytes, p.body_begin += bytes, p.end += bytes;
  for (auto& c : p.children) shift(c, bytes);
}
}  // namespace

Parsed with_fields_before(const Parsed& p, uint64_t bytes) {
  Part root = *decode(p.structure);
  shift(root, bytes);
  root.header_begin = 0;
  return {encode(root), p.envelope, p.bodystructure, p.has_wide_header, p.has_odd_lines};
}

namespace {
bool are_lines(std::string_view s) {
  for (auto at = s.find('\n'); at != s.npos; at = s.find('\n', at + 1))
    if (at == 0 || s[at - 1] != '\r') return false;
  return s.empty() || s.back() == '\n';
}
}  // namespace

Parsed parse_for_store(std::string_view message) {
  Part root = parse(message);
  return {encode(root), imap_envelope(message.substr(0, root.body_begin)), imap_bodystructure(message, root),
          needs_downgrade(message, root), !are_lines(message)};
}

}  // namespace jd::mime
