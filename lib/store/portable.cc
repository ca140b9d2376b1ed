// SPDX-License-Identifier: MIT
#include "lib/store/portable.h"

#include <string.h>

#include <algorithm>

#include "lib/base/text.h"

namespace jd::store {

std::string to_wire(std::string_view s) {
  std::string out;
  out.reserve(s.size() + s.size() / 32 + 2);
  while (!s.empty()) {
    auto end = s.find('\n');
    if (end == s.npos) break;
    bool has_cr = end > 0 ? s[end - 1] == '\r' : false;
    out.append(s.substr(0, end));
    out += has_cr ? "\n" : "\r\n";
    s.remove_prefix(end + 1);
  }
  return out.append(s);
}

std::string to_file(std::string_view wire) {
  std::string out;
  out.reserve(wire.size());
  std::string_view s = wire;
  while (!s.empty()) {
    auto end = s.find('\n');
    if (end == s.npos) break;
    bool is_exact = end > 0 && s[end - 1] == '\r' && (end < 2 || s[end - 2] != '\r');
    if (!is_exact) return std::string(wire);
    out.append(s.substr(0, end - 1)) += '\n';
    s.remove_prefix(end + 1);
  }
  return out.append(s);
}

bool is_keyword(std::string_view s) {
  return !s.empty() && s.size() < 256 && std::all_of(s.begin(), s.end(), [](char c) {
    return !is_8bit(c) && !is_ctl(c) && !strchr(" (){%*\"\\]", c);
  });
}

}  // namespace jd::store
