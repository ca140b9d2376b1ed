// SPDX-License-Identifier: MIT
#include "lib/base/log_line.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd {
namespace {

bool is_word(char c) { return is_alnum(c) || c == '_' || c == '-'; }

std::string_view take_word(std::string_view& s) {
  auto end = std::find_if(s.begin(), s.end(), [](char c) { return !is_word(c); });
  auto r = s.substr(0, static_cast<std::size_t>(end - s.begin()));
  s.remove_prefix(r.size());
  return r;
}
void skip_blanks(std::string_view& s) {
  while (!s.empty() && s[0] == ' ') s.remove_prefix(1);
}

// "2026-11-24 16:02:11" and perhaps a fraction.
std::string_view take_time(std::string_view& s) {
  constexpr std::string_view shape = "dddd-dd-dd dd:dd:dd";
  if (s.size() < shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); i++)
    if (shape[i] == 'd' ? !is_digit(s[i]) : s[i] != shape[i]) return {};
  std::size_t n = shape.size();
  if (n < s.size() && s[n] == '.')
    for (n++; n < s.size() && is_digit(s[n]);) n++;
  auto r = s.substr(0, n);
  s.remove_prefix(n);
  return r;
}

// Behind the opening quote; takes the closing one.
std::string take_quoted(std::string_view& s) {
  std::string r;
  while (!s.empty() && s[0] != '"') {
    std::size_t used = 1;
    if (s[0] == '\\' && s.size() > 1) {
      used = 2;
      auto byte = s[1] == 'x' && s.size() >= 4 ? unhex(s.substr(2, 2)) : std::nullopt;
      if (byte) used = 4, r += *byte;
      else r += s[1];
    } else {
      r += s[0];
    }
    s.remove_prefix(used);
  }
  if (!s.empty()) s.remove_prefix(1);
  return r;
}
}  // namespace

std::string_view LogLine::get(std::string_view key) const {
  for (auto& [k, v] : fields)
    if (k == key) return v;
  return {};
}

std::optional<LogLine> parse_log_line(std::string_view s) {
  LogLine l;
  l.time = take_time(s);
  skip_blanks(s);
  l.event = take_word(s);
  if (l.event.empty()) return {};
  while (l.fields.size() < max_log_fields) {
    skip_blanks(s);
    auto key = take_word(s);
    if (key.empty() || s.empty() || s[0] != '=') break;
    s.remove_prefix(1);
    if (!s.empty() && s[0] == '"') {
      s.remove_prefix(1);
      l.fields.emplace_back(key, take_quoted(s));
    } else {
      auto value = s.substr(0, std::min(s.find(' '), s.size()));
      s.remove_prefix(value.size());
      l.fields.emplace_back(key, value);
    }
  }
  return l;
}

}  // namespace jd
