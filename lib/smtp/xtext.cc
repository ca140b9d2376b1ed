// SPDX-License-Identifier: MIT
#include "lib/smtp/xtext.h"

#include <fmt/format.h>

namespace jd::smtp {
namespace {
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}
bool is_xchar(char c) { return c > 32 && c < 127 && c != '+' && c != '='; }

// Calls put for each byte that s stands for; false: it is no xtext.
template <class F>
bool each_byte(std::string_view s, F put) {
  for (std::size_t i = 0; i < s.size(); i++) {
    if (is_xchar(s[i])) {
      put(s[i]);
      continue;
    }
    if (s[i] != '+' || i + 2 >= s.size()) return false;
    int high = hex_value(s[i + 1]), low = hex_value(s[i + 2]);
    if (high < 0 || low < 0) return false;
    put(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return true;
}
}  // namespace

bool is_xtext(std::string_view s) {
  return each_byte(s, [](char) {});
}

std::optional<std::string> decode_xtext(std::string_view s) {
  std::string r;
  if (!each_byte(s, [&](char c) { r += c; })) return std::nullopt;
  return r;
}

std::string encode_xtext(std::string_view s) {
  std::string r;
  for (char c : s) {
    if (is_xchar(c)) r += c;
    else r += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  }
  return r;
}

}  // namespace jd::smtp
