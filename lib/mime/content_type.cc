// SPDX-License-Identifier: MIT
#include "lib/mime/content_type.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/token.h"

namespace jd::mime {
namespace {

// A parameter as written: name[*section][*]=value.
struct Piece {
  std::string name, value;
  int section = -1;  // -1: not in pieces
  bool extended = false;
};

// Splits "filename*1*" (RFC 2231 §7); an unusable section number leaves the name as it is.
Piece split_name(std::string_view written, std::string value) {
  Piece p{lower(written), std::move(value), -1, false};
  std::string_view name = p.name;
  bool extended = name.ends_with('*');
  if (extended) name.remove_suffix(1);
  auto star = name.rfind('*');
  if (star != name.npos) {
    auto n = to_number(name.substr(star + 1));
    if (!n || *n > 999) return p;
    p.section = static_cast<int>(*n);
    name = name.substr(0, star);
  }
  p.extended = extended;
  p.name = std::string(name);
  return p;
}

bool known(const Parameters& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(), [&](auto& p) { return p.first == name; });
}

std::string percent_encode(std::string_view s) {
  std::string r;
  for (char c : s) {
    if (is_alnum(c) || c == '.' || c == '-' || c == '_') r += c;
    else (r += '%') += upper(hex({&c, 1}));
  }
  return r;
}

// RFC 2231 §4.1: pieces in order of their numbers, up to the first gap.
void join(std::vector<Piece>& pieces, Parameters& out) {
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.name != b.name ? a.name < b.name : a.section < b.section;
  });
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i;
    int want = 0;
    bool extended = false;
    for (; end < pieces.size() && pieces[end].name == pieces[i].name; end++)
      if (pieces[end].section == want) want++, extended |= pieces[end].extended;
    std::string value;
    want = 0;
    for (std::size_t k = i; k < end; k++) {
      if (pieces[k].section != want) continue;
      if (want++ == 0 && extended && !pieces[k].extended) value = "''";
      value += extended && !pieces[k].extended ? percent_encode(pieces[k].value) : pieces[k].value;
    }
    std::string name = pieces[i].name + (extended ? "*" : "");
    if (want > 0 && !known(out, name)) out.emplace_back(std::move(name), std::move(value));
    i = end;
  }
}

// A value without quotes.  "name=my file.pdf" is taken whole; "charset=a format=b" is two.
std::string bare_value(Lexer& in) {
  std::string r(in.run(";"));
  for (;;) {
    in.skip_spaces();
    if (in.done() || in.peek() == ';' || in.peek() == '(' || r.empty()) return r;
    Lexer ahead = in;
    std::string_view word = ahead.run(";");
    auto equals = word.find('=');
    if (equals != word.npos && equals > 0) return r;
    (r += ' ') += word;
    in = ahead;
  }
}

Parameters parse_parameters(Lexer& in) {
  Parameters out;
  std::vector<Piece> pieces;
  while (out.size() + pieces.size() < max_parameters) {
    in.skip_blank();
    while (in.take_if(';')) in.skip_blank();
    if (in.done()) break;
    std::size_t before = in.at();
    std::string_view name = in.run("=;(");
    in.skip_blank();
    if (!in.take_if('=')) {
      if (in.at() == before) in.take();  // a stray byte: always go on
      continue;
    }
    in.skip_blank();
    std::string value = !in.done() && in.peek() == '"' ? in.quoted() : bare_value(in);
    if (name.empty()) continue;
    Piece p = split_name(name, std::move(value));
    if (p.section >= 0) {
      pieces.push_back(std::move(p));
    } else {
      if (p.extended) p.name += '*';
      if (!known(out, p.name)) out.emplace_back(std::move(p.name), std::move(p.value));
    }
  }
  join(pieces, out);
  return out;
}

std::string percent_decode(std::string_view s) {
  std::string r;
  for (std::size_t i = 0; i < s.size(); i++) {
    auto byte = s[i] == '%' && i + 2 < s.size() ? unhex(s.substr(i + 1, 2)) : std::nullopt;
    if (byte) i += 2;
    r += byte ? (*byte)[0] : s[i];
  }
  return r;
}

}  // namespace

ContentType parse_content_type(std::string_view value) {
  ContentType r;
  Lexer in(value);
  in.skip_blank();
  r.type = lower(in.run("/;("));
  in.skip_blank();
  if (in.take_if('/')) {
    in.skip_blank();
    r.subtype = lower(in.run(";(/"));
  } else if (r.type == "text") {
    r.subtype = "plain";
  }
  while (!in.done() && in.peek() != ';' && in.peek() != '(') {
    Lexer ahead = in;
    if (ahead.run(";(").find('=') != std::string_view::npos) break;  // the semicolon is missing
    in = ahead;
    if (!in.done() && in.peek() != ';' && in.peek() != '(') in.take();
  }
  r.parameters = parse_parameters(in);
  if (r.type.empty() || r.subtype.empty()) r.type = r.subtype = "";
  return r;
}

Disposition parse_disposition(std::string_view value) {
  Disposition r;
  Lexer in(value);
  in.skip_blank();
  Lexer ahead = in;
  std::string_view word = ahead.run(";(");
  if (word.find('=') == word.npos) {
    r.type = lower(word);
    in = ahead;
  } else {
    r.type = "attachment";  // only parameters: RFC 2183 §2.8, unknown is attachment
  }
  r.parameters = parse_parameters(in);
  return r;
}

std::optional<ParameterValue> parameter(const Parameters& all, std::string_view name) {
  const std::string* plain = nullptr;
  for (const auto& [n, v] : all) {
    if (n.size() == name.size() + 1 && n.back() == '*' && n.starts_with(name)) {
      auto first = v.find('\'');
      auto second = first == v.npos ? v.npos : v.find('\'', first + 1);
      if (second == v.npos) return ParameterValue{percent_decode(v), ""};
      return ParameterValue{percent_decode(std::string_view(v).substr(second + 1)),
                            lower(std::string_view(v).substr(0, first))};
    }
    if (n == name) plain = &v;
  }
  if (!plain) return std::nullopt;
  return ParameterValue{*plain, ""};
}

}  // namespace jd::mime
