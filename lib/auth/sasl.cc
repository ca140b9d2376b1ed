// SPDX-License-Identifier: MIT
#include "lib/auth/sasl.h"

#include <algorithm>

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

std::vector<std::string> mechanisms(Offer offer) {
  std::vector<std::string> r;
  if (offer.is_tls) r.push_back("SCRAM-SHA-256-PLUS");
  r.insert(r.end(), {"SCRAM-SHA-256", "PLAIN", "LOGIN"});
  if (offer.has_tokens) r.insert(r.end(), {"OAUTHBEARER", "XOAUTH2"});
  return r;
}

std::optional<Exchange> Exchange::start(std::string_view given, Offer offer) {
  std::string mechanism = upper(given.substr(0, 32));
  auto offered = mechanisms(offer);
  if (std::find(offered.begin(), offered.end(), mechanism) == offered.end()) return std::nullopt;
  if (mechanism == "PLAIN") return Exchange(Wait::plain);
  if (mechanism == "LOGIN") return Exchange(Wait::user);
  Exchange x(Wait::message);
  x.credentials_.mechanism = mechanism;
  return x;
}

Exchange::Step Exchange::first(std::optional<std::string_view> initial) {
  if (initial) return next(*initial == "=" ? "" : *initial);
  if (wait_ == Wait::user) return {State::challenge, base64_encode("Username:")};
  return {State::challenge, ""};
}

Exchange::Step Exchange::go_on(std::string_view challenge, const std::string& exchange) {
  credentials_.exchange = exchange;
  return {State::challenge, base64_encode(challenge)};
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
    case Wait::message:
      credentials_.message = Secret(decoded);
      wipe(decoded);
      return {State::done, ""};
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
