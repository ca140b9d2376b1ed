// SPDX-License-Identifier: MIT
#include "lib/mime/writer.h"

#include <fmt/core.h>

#include <algorithm>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/transfer.h"

namespace jd::mime {
namespace {

constexpr std::size_t fold_at = 76;   // RFC 5322 §2.1.1 says 78 with CRLF left out
constexpr std::size_t max_line = 990;  // under the 998 that transports must take

std::string clean(std::string_view value) {  // no line end gets through
  std::string r = unfold(value);
  for (char& c : r)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  return r;
}

std::string clean_name(std::string_view name) {
  std::string r;
  for (char c : name)
    if (c > 32 && c < 127 && c != ':') r += c;
  return r;
}

// Folds before a word that would pass fold_at, not inside a quoted string (legal, but readers
// differ) unless its quotes don't match; a word that no line can hold is cut.
std::string fold_line(std::string_view line) {
  bool has_quotes = std::count(line.begin(), line.end(), '"') % 2 == 0;
  std::string r;
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    bool quoted = has_quotes && line[i] == '"';
    for (; end < line.size() && (quoted || line[end] != ' ' || end == i); end++) {
      if (end - i >= max_line) break;
      if (line[end] == '"') quoted = has_quotes && !quoted;
    }
    end = std::min(end, line.size());
    bool too_long = column + (end - i) > max_line;
    if (column > 0 && column + (end - i) > fold_at && (line[i] == ' ' || too_long) &&
        line.find_first_not_of(' ', i) < end) {
      r += line[i] == ' ' ? "\r\n" : "\r\n ";
      column = 0;
    }
    r += line.substr(i, end - i);
    column += end - i;
    i = end;
  }
  return r;
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  for (std::string_view line : split(text, '\n')) longest = std::max(longest, line.size());
  return longest;
}

bool occurs(std::string_view boundary, const std::vector<OutPart>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](const OutPart& p) {
    return p.body.find(boundary) != p.body.npos || p.headers.text().find(boundary) != std::string::npos ||
           p.type.find(boundary) != p.type.npos || occurs(boundary, p.children);
  });
}

// "=_" can't stand in base64 or quoted-printable (RFC 2045 §6.7).
std::string boundary_for(const OutPart& p) {
  std::string b;
  do b = "=_" + unique_id();
  while (occurs(b, p.children));
  return b;
}

// RFC 2045 §6.4: a multipart says 8bit when something in it is.
std::string encoding_for(const OutPart& p) {
  for (const OutPart& c : p.children)
    if (encoding_for(c) == "8bit") return "8bit";
  return p.encoding;
}

void append_part(std::string& out, const OutPart& p) {
  Headers h;
  std::string boundary;
  if (p.children.empty()) {
    h.add("Content-Type", p.type);
  } else {
    boundary = boundary_for(p);
    h.add("Content-Type", p.type + "; boundary=\"" + boundary + "\"");
  }
  std::string encoding = encoding_for(p);
  if (!encoding.empty()) h.add("Content-Transfer-Encoding", encoding);
  out += h.text() + p.headers.text() + "\r\n";
  if (p.children.empty()) {
    out += p.body;
    return;
  }
  for (const OutPart& c : p.children) {  // as deep as the caller built it
    out += "--" + boundary + "\r\n";
    append_part(out, c);
    if (!out.ends_with("\r\n") || c.children.empty()) out += "\r\n";
  }
  out += "--" + boundary + "--\r\n";
}

std::string eight_bit(std::string_view bytes) { return is_ascii(bytes) ? "" : "8bit"; }

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  text_ += fold_line(clean_name(name) + ": " + clean(value)) + "\r\n";
}

void Headers::add_text(std::string_view name, std::string_view utf8) {
  std::string n = clean_name(name) + ": ";
  text_ += n + encode_text(clean(utf8), n.size()) + "\r\n";
}

void Headers::add_list(std::string_view name, const std::vector<std::string>& addresses) {
  std::string line = clean_name(name) + ":";
  std::size_t column = line.size();
  for (std::size_t i = 0; i < addresses.size(); i++) {
    // Encoded names come folded from encode_phrase: their folds are kept, other line ends are not.
    std::string a = fold_line(clean(addresses[i]));
    if (column + a.size() + 2 > fold_at && column > name.size() + 1) {
      line += "\r\n";
      column = 0;
    }
    line += " " + a + (i + 1 < addresses.size() ? "," : "");
    column = line.size() - std::min(line.size(), line.rfind('\n') + 1);
  }
  text_ += line + "\r\n";
}

std::string to_crlf(std::string_view text) {
  std::string r;
  r.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\r' && text[i] != '\n') {
      r += text[i];
      continue;
    }
    if (text.substr(i, 2) == "\r\n") i++;
    r += "\r\n";
  }
  return r;
}

OutPart text_part(std::string_view utf8, std::string_view subtype) {
  OutPart p;
  std::string text = to_crlf(utf8);
  bool ascii = is_ascii(text) && text.find('\0') == text.npos;
  p.type = fmt::format("text/{}; charset={}", subtype, ascii ? "us-ascii" : "utf-8");
  if (ascii && longest_line(text) < max_line) {
    p.body = std::move(text);
    return p;
  }
  std::string qp = encode_quoted_printable(text);
  bool use_qp = qp.size() <= text.size() / 3 * 4 + text.size() / 28;
  p.encoding = use_qp ? "quoted-printable" : "base64";
  p.body = use_qp ? std::move(qp) : encode_base64(text);
  return p;
}

OutPart attachment(std::string_view type, std::string_view file_name, std::string_view bytes) {
  OutPart p;
  p.type = type;
  p.encoding = "base64";
  std::string disposition = "attachment";
  if (!file_name.empty()) disposition += "; " + format_parameter("filename", file_name);
  p.headers.add("Content-Disposition", disposition);
  p.body = encode_base64(bytes);
  return p;
}

OutPart message_part(std::string_view message) {
  OutPart p;
  p.type = "message/rfc822";
  p.encoding = eight_bit(message);
  p.body = message;
  return p;
}

OutPart header_part(std::string_view header) {
  OutPart p;
  p.type = is_ascii(header) ? "text/rfc822-headers" : "text/rfc822-headers; charset=utf-8";
  p.encoding = eight_bit(header);
  p.body = header.substr(0, header_size(header));
  return p;
}

OutPart multipart(std::string_view subtype, std::vector<OutPart> children) {
  OutPart p;
  p.type = "multipart/" + std::string(subtype);
  p.children = std::move(children);
  return p;
}

OutPart report(std::string_view report_type, std::vector<OutPart> children) {
  return multipart(fmt::format("report; report-type={}", report_type), std::move(children));
}

OutPart status_part(const std::vector<Group>& groups, std::string_view type) {
  OutPart p;
  bool first = true;
  for (const Group& g : groups) {
    if (!first) p.body += "\r\n";
    first = false;
    Headers h;
    for (const auto& [name, value] : g) h.add(name, value);
    p.body += h.text();
  }
  bool global = !is_ascii(p.body);
  p.type = global && type == "message/delivery-status" ? "message/global-delivery-status" : type;
  p.encoding = eight_bit(p.body);
  return p;
}

std::string write(const Headers& headers, const OutPart& root) {
  std::string out = headers.text();
  out += "MIME-Version: 1.0\r\n";
  append_part(out, root);
  return out;
}

std::string new_message_id(std::string_view host) {
  std::string h = clean_name(host);
  return "<" + unique_id() + "@" + (h.empty() ? "localhost" : h) + ">";
}

}  // namespace jd::mime
