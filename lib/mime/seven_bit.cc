// SPDX-License-Identifier: MIT
#include "lib/mime/seven_bit.h"

#include <vector>

#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/mime/part.h"
#include "lib/mime/transfer.h"

namespace jd::mime {
namespace {
constexpr std::size_t max_line = 998;  // RFC 5322 §2.1.1

// What becomes of a part; children as in the part.
struct Plan {
  bool is_wide = false;   // bytes over 127 (or what is no lines) in its body now
  bool stays_wide = false;
  bool is_encoded = false;
  std::vector<Plan> children;
};

// Bare LF ends a line, too; a lone CR stays what it is, lest it make a boundary of what is none.
std::string with_line_ends(std::string_view text) {
  std::string r;
  r.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) r += '\r';
    r += text[i];
  }
  return r;
}

// A line end or a bare CR, LF, NUL or a long line.
bool is_lines(std::string_view s) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < s.size(); i++) {
    if (s[i] == '\0' || (s[i] == '\n' && (i == 0 || s[i - 1] != '\r')) || (s[i] == '\r' && (i + 1 == s.size() || s[i + 1] != '\n'))) return false;
    if (i - begin > max_line) return false;
    if (s[i] == '\n') begin = i + 1;
  }
  return true;
}

enum class To : uint8_t { seven_bit, lines };

class Converter {
 public:
  Converter(std::string_view message, To to) : m_(message), to_(to) {}
  Plan plan(const Part& p) const;
  void write(const Part& p, const Plan& plan, bool is_root, bool is_inside);
  std::string take() { return std::move(out_); }

 private:
  std::string_view range(uint64_t begin, uint64_t end) const { return m_.substr(begin, end - begin); }
  bool is_wide(uint64_t begin, uint64_t end) const {
    return to_ == To::seven_bit ? !is_ascii(range(begin, end)) : !is_lines(range(begin, end));
  }
  void header(const Part& p, std::string_view encoding, bool is_root, std::string_view body);
  std::string_view m_;
  To to_;
  std::string out_;
};

Plan Converter::plan(const Part& p) const {
  Plan r;
  if (p.children.empty()) {
    r.is_wide = is_wide(p.body_begin, p.end);
    // A composite part may not be encoded itself (RFC 2045 §6.4).
    bool may = !p.is_multipart() && p.type != "message" && encoding_of(p.encoding) == Encoding::identity;
    r.is_encoded = r.is_wide && may;
    r.stays_wide = r.is_wide && !may;
    return r;
  }
  bool is_sealed = p.subtype == "signed" || p.subtype == "encrypted";
  uint64_t at = p.body_begin;
  for (auto& c : p.children) {
    Plan child = is_sealed ? Plan{} : plan(c);
    if (is_sealed) child.is_wide = child.stays_wide = is_wide(c.body_begin, c.end);
    bool around = is_wide(at, c.body_begin);  // the child's header, too
    r.is_wide = r.is_wide || child.is_wide || around;
    r.stays_wide = r.stays_wide || child.stays_wide || around;
    r.children.push_back(std::move(child));
    at = c.end;
  }
  bool behind = is_wide(at, p.end);
  r.is_wide = r.is_wide || behind;
  r.stays_wide = r.stays_wide || behind;
  return r;
}

void Converter::header(const Part& p, std::string_view encoding, bool is_root, std::string_view body) {
  bool has_version = false, has_type = false;
  FieldReader reader(range(p.header_begin, p.body_begin));
  for (Field f; reader.next(f);) {
    if (iequals(f.name, "Content-Transfer-Encoding")) continue;
    has_version = has_version || iequals(f.name, "MIME-Version");
    has_type = has_type || iequals(f.name, "Content-Type");
    out_ += f.whole;
    if (!f.whole.ends_with('\n')) out_ += "\r\n";
  }
  if (is_root && !has_version) out_ += "MIME-Version: 1.0\r\n";
  // RFC 1428 §3 names the unknown.
  if (is_root && !has_type && !body.empty())
    out_ += fmt::format("Content-Type: text/plain; charset={}\r\n", is_utf8(body) ? "utf-8" : "unknown-8bit");
  out_ += fmt::format("Content-Transfer-Encoding: {}\r\n\r\n", encoding);
}

void Converter::write(const Part& p, const Plan& plan, bool is_root, bool is_inside) {
  if (!plan.is_wide || (plan.stays_wide && plan.children.empty())) {
    out_ += range(p.header_begin, p.end);
    return;
  }
  if (plan.is_encoded) {
    auto body = range(p.body_begin, p.end);
    bool may_quote = p.is_text() && to_ == To::seven_bit;
    std::string text = may_quote ? encode_quoted_printable(with_line_ends(body)) : "";
    // A soft line break may not make a boundary: a part that was not there would begin.
    bool is_quoted = may_quote && !(is_inside && text.find("=\r\n--") != text.npos);
    header(p, is_quoted ? "quoted-printable" : "base64", is_root, body);
    out_ += is_quoted ? text : encode_base64(may_quote ? with_line_ends(body) : std::string(body));
    return;
  }
  if (plan.stays_wide || to_ == To::lines) out_ += range(p.header_begin, p.body_begin);
  else header(p, "7bit", is_root, "");
  uint64_t at = p.body_begin;
  for (std::size_t i = 0; i < p.children.size(); i++) {
    const Part& c = p.children[i];
    out_ += range(at, c.header_begin);
    write(c, plan.children[i], false, is_inside || p.is_multipart());
    at = c.end;
  }
  out_ += range(at, p.end);
}

bool changes(const Plan& p) {
  if (p.is_encoded) return true;
  for (auto& c : p.children)
    if (changes(c)) return true;
  return false;
}
}  // namespace

std::optional<std::string> to_seven_bit(std::string_view message) {
  if (is_ascii(message) || find(message, "DKIM-Signature")) return {};
  Part root = parse(message);
  Converter c(message, To::seven_bit);
  Plan plan = c.plan(root);
  if (!changes(plan)) return {};
  c.write(root, plan, true, false);
  return c.take();
}

std::optional<std::string> to_lines(std::string_view message) {
  if (find(message, "DKIM-Signature")) return {};
  Part root = parse(message);
  Converter c(message, To::lines);
  Plan plan = c.plan(root);
  if (!changes(plan) || plan.stays_wide || !is_lines(message.substr(root.header_begin, root.body_begin - root.header_begin))) return {};
  c.write(root, plan, true, false);
  std::string r = c.take();
  if (!is_lines(r)) return {};
  return r;
}

}  // namespace jd::mime
