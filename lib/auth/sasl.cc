// SPDX-License-Identifier: MIT
#include "lib/auth/sasl.h"

#include "lib/base/hash.h"
#include "lib/base/text.h"

namespace jd::auth {
namespace {
constexpr std::size_t max_line = 12'288, max_name = 512;

bool is_name(std::string_view s) {
  if (s.empty() || s.size() > max_name || !is_utf8(s)) return false;
  for (char c : s)
    if (is_ctl(c)) return false;
  return true;
}
}  // namespace

const std::vector<std::string>& mechanisms() {
  static const std::vector<std::string> all = {"PLAIN", "LOGIN"};
  return all;
}

std::optional<Exchange> Exchange::start(std::string_view mechanism) {
  if (iequals(mechanism, "PLAIN")) return Exchange(true);
  if (iequals(mechanism, "LOGIN")) return Exchange(false);
  return std::nullopt;
}

Exchange::Step Exchange::first(std::optional<std::string_view> initial) {
  if (initial) return next(*initial == "=" ? "" : *initial);
  if (wait_ == Wait::plain) return {State::challenge, ""};
  return {State::challenge, base64_encode("Username:")};
}

Exchange::Step Exchange::next(std::string_view line) {
  if (line == "*") return {State::cancelled, ""};
  if (line.size() > max_line) return {State::malformed, ""};
  auto decoded = base64_decode(line);
  if (!decoded) return {State::malformed, ""};
  return take(std::move(*decoded));
}

Exchange::Step Exchange::take(std::string decoded) {
  switch (wait_) {
    case Wait::plain: {  // authzid NUL authcid NUL passwd
      auto parts = split(decoded, '\0');
      bool good = parts.size() == 3 && is_name(parts[1]) && !parts[2].empty() && (parts[0].empty() || is_name(parts[0]));
      if (good) {
        credentials_.user = parts[1];
        if (parts[0] != parts[1]) credentials_.act_as = parts[0];
        credentials_.password = Secret(parts[2]);
      }
      wipe(decoded);
      return {good ? State::done : State::malformed, ""};
    }
    case Wait::user:
      if (!is_name(decoded)) return {State::malformed, ""};
      credentials_.user = decoded;
      wait_ = Wait::password;
      return {State::challenge, base64_encode("Password:")};
    case Wait::password: {
      bool good = !decoded.empty() && decoded.find('\0') == decoded.npos;
      credentials_.password = Secret(decoded);
      wipe(decoded);
      return {good ? State::done : State::malformed, ""};
    }
  }
  return {State::malformed, ""};
}

}  // namespace jd::auth
