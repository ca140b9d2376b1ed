// SPDX-License-Identifier: MIT
#include "lib/base/uidl_format.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd {
namespace {
constexpr std::size_t max_text = 70, max_width = 10;
}

std::optional<std::string> uidl_text(std::string_view format, uint32_t uid_validity, uint32_t uid) {
  std::string out;
  bool has_uid = false;
  for (std::size_t i = 0; i < format.size() && out.size() <= max_text; ++i) {
    auto next = [&] { return i + 1 < format.size() ? format[i + 1] : '\0'; };
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (next() == '%') {
      out += format[++i];
      continue;
    }
    char fill = ' ';
    std::size_t width = 0;
    if (next() == '0') fill = '0', ++i;
    for (; is_digit(next()) && width <= max_width; ++i) width = width * 10 + static_cast<std::size_t>(next() - '0');
    char form = next() == 'x' || next() == 'X' ? format[++i] : 'd';
    char what = next();
    ++i;
    if ((what != 'u' && what != 'v') || width > max_width) return std::nullopt;
    has_uid |= what == 'u';
    uint32_t n = what == 'u' ? uid : uid_validity;
    std::string digits = form == 'd' ? fmt::format("{}", n) : fmt::format("{:x}", n);
    out.append(width > digits.size() ? width - digits.size() : 0, fill);
    out += digits;
  }
  bool is_plain = std::all_of(out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!has_uid || !is_plain || out.size() > max_text) return std::nullopt;
  return out;
}

}  // namespace jd
