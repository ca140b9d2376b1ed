// SPDX-License-Identifier: MIT
#include "lib/mime/utf7.h"

#include <cstdint>
#include <vector>

#include "lib/base/text.h"
#include "lib/mime/charset.h"

namespace jd::mime {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

// One character off the front of well-formed UTF-8.
uint32_t take_character(std::string_view& s) {
  auto c = static_cast<unsigned char>(s[0]);
  unsigned n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  uint32_t code = n == 1 ? c : c & (0xFFu >> (n + 1));
  for (unsigned i = 1; i < n; ++i) code = code << 6 | (static_cast<unsigned char>(s[i]) & 0x3F);
  s.remove_prefix(n);
  return code;
}

void put_character(std::string& out, uint32_t c) {
  auto byte = [&](uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) byte(c);
  else if (c < 0x800) byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  else if (c < 0x10000) byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  else byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
}

// The units of one shifted run to UTF-8; false when they are no UTF-16.
bool put_units(std::string& out, const std::vector<uint32_t>& units) {
  for (std::size_t i = 0; i < units.size(); ++i) {
    uint32_t u = units[i];
    if (u >= 0xDC00 && u < 0xE000) return false;
    if (u >= 0xD800 && u < 0xDC00) {
      if (i + 1 == units.size() || units[i + 1] < 0xDC00 || units[i + 1] >= 0xE000) return false;
      u = 0x10000 + ((u - 0xD800) << 10) + (units[++i] - 0xDC00);
    }
    if (u < 0x20 || u == 0x7F) return false;
    put_character(out, u);
  }
  return true;
}

}  // namespace

std::string to_utf7(std::string_view given) {
  std::string clean = clean_utf8(given), out;
  std::string_view s = clean;
  while (!s.empty()) {
    if (!is_8bit(s[0]) && !is_ctl(s[0])) {
      out += s[0] == '&' ? "&-" : std::string(1, s[0]);
      s.remove_prefix(1);
      continue;
    }
    out += '&';
    uint32_t bits = 0, have = 0;
    auto unit = [&](uint32_t u) {
      for (int shift : {8, 0}) {
        bits = (bits << 8 | (u >> shift & 0xFF)) & 0xFFFF;
        for (have += 8; have >= 6; have -= 6) out += alphabet[bits >> (have - 6) & 63];
      }
    };
    while (!s.empty() && (is_8bit(s[0]) || is_ctl(s[0]))) {
      uint32_t c = take_character(s);
      if (c >= 0x10000) unit(0xD800 + ((c - 0x10000) >> 10)), unit(0xDC00 + ((c - 0x10000) & 0x3FF));
      else unit(c);
    }
    if (have) out += alphabet[bits << (6 - have) & 63];
    out += '-';
  }
  return out;
}

std::optional<std::string> from_utf7(std::string_view s) {
  if (!is_utf8(s)) return {};
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (is_ctl(s[i])) return {};
    if (s[i] != '&') {
      out += s[i];
      continue;
    }
    auto end = s.find('-', i);
    if (end == s.npos) return {};
    std::string_view run = s.substr(i + 1, end - i - 1);
    i = end;
    if (run.empty()) {
      out += '&';
      continue;
    }
    uint32_t bits = 0, have = 0;
    std::vector<uint32_t> units;
    for (char c : run) {
      auto v = alphabet.find(c);
      if (v == alphabet.npos) return {};
      bits = (bits << 6 | static_cast<uint32_t>(v)) & 0x3FFFFF;
      have += 6;
      if (have >= 16) {
        have -= 16;
        units.push_back(bits >> have & 0xFFFF);
      }
    }
    if (have >= 6 || (bits & ((1u << have) - 1)) || !put_units(out, units)) return {};
  }
  return out;
}

}  // namespace jd::mime
