// SPDX-License-Identifier: MIT
#include "lib/smtp/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "lib/base/text.h"

namespace jd::smtp {
namespace {
bool is_atext(char c) {
  return is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_literal(std::string_view s) {
  std::string inner(s.substr(1, s.size() - 2));
  in6_addr buffer;
  if (istarts_with(inner, "IPv6:")) return ::inet_pton(AF_INET6, inner.c_str() + 5, &buffer) == 1;
  if (::inet_pton(AF_INET, inner.c_str(), &buffer) == 1) return true;
  // §4.1.3, General-address-literal: a tag that is registered somewhere, and its text.
  auto pair = split_once(inner, ':');
  return pair && !pair->first.empty() && !pair->second.empty() && pair->first.back() != '-' &&
         std::all_of(pair->first.begin(), pair->first.end(), [](char c) { return is_alnum(c) || c == '-'; }) &&
         std::all_of(pair->second.begin(), pair->second.end(), [](char c) { return c > 32 && c < 127 && c != '[' && c != ']' && c != '\\'; });
}

// The length of the local part at the front of s; 0 when there is none.
std::size_t local_length(std::string_view s) {
  if (!s.empty() && s[0] == '"') {
    for (std::size_t i = 1; i < s.size(); i++) {
      if (s[i] == '\\' && i + 1 < s.size() && !is_ctl(s[i + 1])) i++;
      else if (s[i] == '"') return i + 1;
      else if (is_ctl(s[i])) return 0;
    }
    return 0;
  }
  std::size_t i = 0;
  while (i < s.size() && (is_atext(s[i]) || s[i] == '.')) i++;
  auto local = s.substr(0, i);
  // Dots at odd places are not RFC 5321's, but addresses with them exist and are somebody's.
  if (local.empty() || local == ".") return 0;
  return i;
}
}  // namespace

bool is_domain(std::string_view s) {
  if (s.size() > 255 || s.empty()) return false;
  if (s.front() == '[') return s.size() > 2 && s.back() == ']' && is_literal(s);
  if (!is_utf8(s)) return false;
  if (s.back() == '.') s.remove_suffix(1);
  for (auto label : split(s, '.')) {
    if (label.empty() || label.size() > 63) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_' || is_8bit(c); }))
      return false;
  }
  return true;
}

std::optional<Path> take_path(std::string_view& in) {
  if (in.empty() || in[0] != '<') return std::nullopt;
  std::string_view s = in.substr(1);
  if (!s.empty() && s[0] == '@') {  // <@one,@two:user@three>
    auto colon = s.find(':');
    if (colon == s.npos || colon > 512) return std::nullopt;
    for (auto hop : split(s.substr(0, colon), ','))
      if (hop.size() < 2 || hop[0] != '@' || !is_domain(hop.substr(1))) return std::nullopt;
    s.remove_prefix(colon + 1);
  }
  Path p;
  if (!s.empty() && s[0] == '>') {
    in = s.substr(1);
    return p;
  }
  std::size_t n = local_length(s);
  if (n == 0 || n > 64) return std::nullopt;
  std::string local(s.substr(0, n));
  s.remove_prefix(n);
  auto end = s.find('>');
  if (end == s.npos) return std::nullopt;
  if (end == 0) {  // no domain: §4.1.1.3 knows postmaster alone
    if (!iequals(local, "postmaster")) return std::nullopt;
    p.address = local;
  } else {
    if (s[0] != '@' || !is_domain(s.substr(1, end - 1))) return std::nullopt;
    p.address = local + std::string(s.substr(0, end));
  }
  if (!is_utf8(p.address)) return std::nullopt;
  p.needs_utf8 = !is_ascii(p.address);
  in = s.substr(end + 1);
  return p;
}

}  // namespace jd::smtp
