// SPDX-License-Identifier: MIT
#include "lib/mime/header.h"

#include <cstring>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Offset behind the line that holds `at`.
std::size_t line_end(std::string_view s, std::size_t at) {
  const void* nl = std::memchr(s.data() + at, '\n', s.size() - at);
  return nl ? static_cast<std::size_t>(static_cast<const char*>(nl) - s.data()) + 1 : s.size();
}

// Length of an empty line at `at`, 0 when it is not empty.
std::size_t empty_line(std::string_view s, std::size_t at) {
  if (s[at] == '\n') return 1;
  return s[at] == '\r' && at + 1 < s.size() && s[at + 1] == '\n' ? 2 : 0;
}

bool empty_line_follows(std::string_view s, std::size_t at) {
  while (at < s.size()) {
    if (empty_line(s, at)) return true;
    at = line_end(s, at);
  }
  return false;
}

// The field's name in a line that starts with it; empty when the line is no field.
std::string_view name_of(std::string_view line, std::size_t* colon) {
  std::size_t i = 0;
  while (i < line.size() && line[i] != ':' && !is_ctl(line[i]) && line[i] != ' ') i++;
  auto name = line.substr(0, i);
  while (i < line.size() && is_blank(line[i])) i++;  // RFC 5322 §4.5: blanks before the colon
  if (i == line.size() || line[i] != ':') return {};
  *colon = i;
  return name;
}

std::string_view without_line_end(std::string_view s) {
  if (s.ends_with('\n')) s.remove_suffix(1);
  if (s.ends_with('\r')) s.remove_suffix(1);
  return s;
}

}  // namespace

bool FieldReader::next(Field& f) {
  if (ended_ || at_ == bytes_.size()) return false;
  if (std::size_t n = empty_line(bytes_, at_)) {
    at_ += n;
    ended_ = true;
    return false;
  }
  std::size_t end = line_end(bytes_, at_);
  std::size_t colon = 0;
  f.name = name_of(bytes_.substr(at_, end - at_), &colon);
  if (f.name.empty()) {
    if (any_ && !has_blank_) has_blank_ = empty_line_follows(bytes_, end);
    if (any_ && !has_blank_) {
      ended_ = true;
      return false;
    }
  } else {
    any_ = true;
    colon++;
  }
  while (end < bytes_.size() && is_blank(bytes_[end])) end = line_end(bytes_, end);
  f.whole = bytes_.substr(at_, end - at_);
  f.value = without_line_end(f.whole.substr(f.name.empty() ? 0 : colon));
  at_ = end;
  return true;
}

std::vector<Field> fields(std::string_view message) {
  std::vector<Field> r;
  FieldReader reader(message);
  for (Field f; r.size() < max_fields && reader.next(f);) r.push_back(f);
  return r;
}

std::size_t header_size(std::string_view message) {
  FieldReader reader(message);
  for (Field f; reader.next(f);) {}
  return reader.offset();
}

std::optional<std::string_view> find(std::string_view message, std::string_view name) {
  FieldReader reader(message);
  for (Field f; reader.next(f);)
    if (iequals(f.name, name) && !name.empty()) return f.value;
  return std::nullopt;
}

std::vector<std::string_view> find_all(std::string_view message, std::string_view name) {
  std::vector<std::string_view> r;
  FieldReader reader(message);
  for (Field f; r.size() < max_fields && reader.next(f);)
    if (iequals(f.name, name) && !name.empty()) r.push_back(f.value);
  return r;
}

std::string unfold(std::string_view value) {
  value = trim(value);
  std::string r;
  r.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); i++) {
    bool crlf = value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n';
    if (value[i] != '\n' && !crlf) r += value[i];
  }
  return r;
}

}  // namespace jd::mime
