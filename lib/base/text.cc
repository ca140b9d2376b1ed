// SPDX-License-Identifier: MIT
#include "lib/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace jd {

std::string lower(std::string_view s) {
  std::string r(s);
  for (char& c : r) c = to_lower(c);
  return r;
}

std::string upper(std::string_view s) {
  std::string r(s);
  for (char& c : r) c = to_upper(c);
  return r;
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

bool istarts_with(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

std::size_t ifind(std::string_view haystack, std::string_view needle) {
  auto it = std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end(),
                        [](char x, char y) { return to_lower(x) == to_lower(y); });
  if (it == haystack.end() && !needle.empty()) return std::string_view::npos;
  return static_cast<std::size_t>(it - haystack.begin());
}

std::string_view trim(std::string_view s) {
  constexpr std::string_view blank = " \t\r\n";
  auto from = s.find_first_not_of(blank);
  if (from == s.npos) return {};
  return s.substr(from, s.find_last_not_of(blank) - from + 1);
}

std::vector<std::string_view> split(std::string_view s, char at) {
  std::vector<std::string_view> r;
  for (;;) {
    auto i = s.find(at);
    r.push_back(s.substr(0, i));
    if (i == s.npos) return r;
    s.remove_prefix(i + 1);
  }
}

std::string one_line(std::string_view s) {
  std::string r(s);
  for (char& c : r)
    if (is_ctl(c)) c = ' ';
  return r;
}

std::vector<std::string_view> words(std::string_view s) {
  std::vector<std::string_view> r;
  constexpr std::string_view blank = " \t\r\n";
  for (;;) {
    auto from = s.find_first_not_of(blank);
    if (from == s.npos) return r;
    s.remove_prefix(from);
    auto to = s.find_first_of(blank);
    r.push_back(s.substr(0, to));
    if (to == s.npos) return r;
    s.remove_prefix(to);
  }
}

std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view s,
                                                                        char at) {
  auto i = s.find(at);
  if (i == s.npos) return std::nullopt;
  return std::pair{s.substr(0, i), s.substr(i + 1)};
}

std::optional<uint64_t> to_number(std::string_view s) {
  if (s.empty()) return std::nullopt;
  uint64_t n = 0;
  for (char c : s) {
    if (!is_digit(c)) return std::nullopt;
    auto d = static_cast<uint64_t>(c - '0');
    if (n > (std::numeric_limits<uint64_t>::max() - d) / 10) return std::nullopt;
    n = n * 10 + d;
  }
  return n;
}

std::optional<uint64_t> to_size(std::string_view s) {
  if (s.empty()) return std::nullopt;
  int shift = 0;
  switch (to_upper(s.back())) {
    case 'K': shift = 10; break;
    case 'M': shift = 20; break;
    case 'G': shift = 30; break;
    case 'T': shift = 40; break;
    default: break;
  }
  if (shift) s.remove_suffix(1);
  auto n = to_number(s);
  if (!n || *n > (std::numeric_limits<uint64_t>::max() >> shift)) return std::nullopt;
  return *n << shift;
}

std::string size_text(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{}", bytes);
  double v = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* u : {"K", "M", "G", "T"}) {
    v /= 1024;
    unit = u;
    if (v < 1024) break;
  }
  return fmt::format("{:.1f}{}", v, unit);
}

namespace {
// Length of the well-formed sequence at s[i] and its code point; 0 when malformed.
int utf8_at(std::string_view s, std::size_t i, uint32_t* cp) {
  auto b = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  unsigned c = b(i);
  if (c < 0x80) { *cp = c; return 1; }
  int n = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 0;
  if (n == 0 || i + static_cast<std::size_t>(n) > s.size()) return 0;
  uint32_t v = c & (0x7Fu >> n);
  for (int k = 1; k < n; k++) {
    unsigned d = b(i + static_cast<std::size_t>(k));
    if ((d & 0xC0) != 0x80) return 0;
    v = v << 6 | (d & 0x3F);
  }
  if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10FFFF)) ||
      (v >= 0xD800 && v < 0xE000))
    return 0;
  *cp = v;
  return n;
}

int width_of(uint32_t c) {
  if (c < 32 || (c >= 0x7F && c < 0xA0)) return 0;
  if ((c >= 0x300 && c < 0x370) || c == 0x200B || (c >= 0xFE00 && c < 0xFE10)) return 0;
  bool wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2E80 && c < 0x303F) ||
              (c >= 0x3041 && c < 0xA4D0) || (c >= 0xAC00 && c < 0xD7A4) ||
              (c >= 0xF900 && c < 0xFB00) || (c >= 0xFE30 && c < 0xFE70) ||
              (c >= 0xFF00 && c < 0xFF61) || (c >= 0xFFE0 && c < 0xFFE7) ||
              (c >= 0x1F300 && c < 0x1F650) || (c >= 0x1F900 && c < 0x1FA00) ||
              (c >= 0x20000 && c < 0x3FFFE);
  return wide ? 2 : 1;
}
}  // namespace

bool is_utf8(std::string_view s) {
  uint32_t cp;
  for (std::size_t i = 0; i < s.size();) {
    int n = utf8_at(s, i, &cp);
    if (n == 0) return false;
    i += static_cast<std::size_t>(n);
  }
  return true;
}

bool is_ascii(std::string_view s) {
  return std::none_of(s.begin(), s.end(), [](char c) { return is_8bit(c); });
}

int display_width(std::string_view s) {
  int w = 0;
  uint32_t cp = 0;
  for (std::size_t i = 0; i < s.size();) {
    int n = utf8_at(s, i, &cp);
    w += n ? width_of(cp) : 1;
    i += static_cast<std::size_t>(n ? n : 1);
  }
  return w;
}

std::string pad_to(std::string_view s, int columns) {
  std::string r(s);
  int w = display_width(s);
  if (w < columns) r.append(static_cast<std::size_t>(columns - w), ' ');
  return r;
}

std::string escape(std::string_view s) {
  std::string r;
  r.reserve(s.size());
  bool utf8 = is_utf8(s);
  for (char c : s) {
    if (c == '"' || c == '\\') {
      r += '\\';
      r += c;
    } else if (is_ctl(c) || (!utf8 && is_8bit(c))) {
      r += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      r += c;
    }
  }
  return r;
}

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string r;
  r.reserve(bytes.size() * 2);
  for (char c : bytes) {
    r += digits[static_cast<unsigned char>(c) >> 4];
    r += digits[static_cast<unsigned char>(c) & 15];
  }
  return r;
}

namespace {
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
}  // namespace

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string r;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int h = hex_value(text[i]), l = hex_value(text[i + 1]);
    if (h < 0 || l < 0) return std::nullopt;
    r += static_cast<char>(h << 4 | l);
  }
  return r;
}

std::string file_name_encode(std::string_view s) {
  std::string r;
  for (std::size_t i = 0; i < s.size(); i++) {
    char c = s[i];
    bool plain = is_alnum(c) || is_8bit(c) || c == '-' || c == '_' || c == '@' || c == '+' ||
                 (c == '.' && i > 0);
    if (plain) r += c;
    else r += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return r;
}

std::optional<std::string> file_name_decode(std::string_view s) {
  std::string r;
  for (std::size_t i = 0; i < s.size(); i++) {
    if (s[i] != '%') { r += s[i]; continue; }
    if (i + 2 >= s.size()) return std::nullopt;
    auto b = unhex(s.substr(i + 1, 2));
    if (!b) return std::nullopt;
    r += *b;
    i += 2;
  }
  return r;
}

}  // namespace jd
