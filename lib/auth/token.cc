// SPDX-License-Identifier: MIT
#include "lib/auth/token.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::auth {
namespace {
constexpr std::size_t max_message = 12'288, max_name = 512;
constexpr char separator = '\x01';
constexpr int64_t leeway = 60;
const Error malformed(Fault::usage, "malformed bearer message");

// RFC 6750 §2.1: b64token.
bool is_token(std::string_view s) {
  while (s.ends_with('=')) s.remove_suffix(1);
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return is_alnum(c) || std::string_view("-._~+/").find(c) != std::string_view::npos; });
}

bool is_name(std::string_view s) {
  return s.size() <= max_name && is_utf8(s) && std::none_of(s.begin(), s.end(), is_ctl);
}

Result<Secret> token_of(std::string_view value) {
  if (!istarts_with(value, "Bearer ")) return Unexpected(malformed);
  auto token = trim(value.substr(7));
  if (!is_token(token)) return Unexpected(malformed);
  return Secret(token);
}

// "key=value^A" again and again, closed by one more ^A.  Gives the value of "auth".
Result<Secret> auth_of(std::string_view pairs) {
  if (!pairs.ends_with("\x01\x01") && pairs != "\x01") return Unexpected(malformed);
  pairs.remove_suffix(1);
  std::optional<std::string_view> auth;
  while (!pairs.empty()) {
    auto end = pairs.find(separator);
    if (end == pairs.npos) return Unexpected(malformed);
    auto pair = split_once(pairs.substr(0, end), '=');
    if (!pair || pair->first.empty()) return Unexpected(malformed);
    if (iequals(pair->first, "auth")) {
      if (auth) return Unexpected(malformed);
      auth = pair->second;
    }
    pairs.remove_prefix(end + 1);
  }
  if (!auth) return Unexpected(malformed);
  return token_of(*auth);
}
}  // namespace

Result<Bearer> parse_oauthbearer(std::string_view m) {
  auto cut = m.find(separator);
  if (m.size() > max_message || cut == m.npos) return Unexpected(malformed);
  auto header = m.substr(0, cut);
  // gs2-header: no binding is known for it, so "n" or "y".
  if (header.size() < 3 || (header[0] != 'n' && header[0] != 'y') || header[1] != ',' || !header.ends_with(',')) return Unexpected(malformed);
  auto name = header.substr(2, header.size() - 3);
  Bearer b;
  if (!name.empty()) {
    if (!name.starts_with("a=")) return Unexpected(malformed);
    for (std::size_t i = 2; i < name.size(); i++) {
      auto code = name.substr(i, 3);
      if (name[i] != '=') b.user += name[i];
      else if (code == "=2C" || code == "=3D") b.user += code == "=2C" ? ',' : '=', i += 2;
      else return Unexpected(malformed);
    }
    if (b.user.empty() || !is_name(b.user)) return Unexpected(malformed);
  }
  TRY(b.token, auth_of(m.substr(cut + 1)));
  return b;
}

Result<Bearer> parse_xoauth2(std::string_view m) {
  auto cut = m.find(separator);
  if (m.size() > max_message || cut == m.npos || !m.starts_with("user=")) return Unexpected(malformed);
  Bearer b;
  b.user = m.substr(5, cut - 5);
  if (b.user.empty() || !is_name(b.user)) return Unexpected(malformed);
  TRY(b.token, auth_of(m.substr(cut + 1)));
  return b;
}

std::string bearer_error(std::string_view mechanism, const std::string& scope) {
  Json j = Json::object();
  if (mechanism == "XOAUTH2") j.set("status", "401").set("schemes", "bearer");
  else j.set("status", "invalid_token");
  if (!scope.empty()) j.set("scope", scope);
  return j.text();
}

Result<std::string> account_of_claims(const Json& c, const TokenRules& rules, Time at, bool must_expire) {
  int64_t expires = c.number("exp", -1), from = c.number("nbf", 0);
  if (expires < 0 && must_expire) return fail(Fault::perm, "the token does not say when it expires");
  if (expires >= 0 && at.seconds() - leeway >= expires) return fail(Fault::perm, "the token has expired");
  if (at.seconds() + leeway < from) return fail(Fault::perm, "the token is not valid yet");
  if (!rules.issuer.empty() && c.string("iss") != rules.issuer) return fail(Fault::perm, "the token is of another issuer");
  std::vector<std::string> meant{c.string("aud")};
  for (auto& a : c.at("aud").items()) meant.push_back(a.as_string());
  bool is_ours = rules.audience.empty() || std::any_of(meant.begin(), meant.end(), [&](auto& m) {
    return !m.empty() && std::find(rules.audience.begin(), rules.audience.end(), m) != rules.audience.end();
  });
  if (!is_ours) return fail(Fault::perm, "the token is for another audience");
  std::string scope = c.string("scope");
  auto scopes = words(scope);
  if (!rules.scope.empty() && std::find(scopes.begin(), scopes.end(), rules.scope) == scopes.end())
    return fail(Fault::perm, "the token has not the scope {}", rules.scope);
  std::string name = c.string(rules.claim);
  if (name.empty() || !is_name(name)) return fail(Fault::perm, "the token has no claim {}", rules.claim);
  // OpenID Connect §5.1: an address that the issuer itself does not vouch for.
  if (rules.claim == "email" && !c.at("email_verified").is_null() && !c.is_true("email_verified") && c.string("email_verified") != "true")
    return fail(Fault::perm, "the token's address is not verified");
  return name;
}

}  // namespace jd::auth
