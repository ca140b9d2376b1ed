// SPDX-License-Identifier: MIT
// token.h: bearer tokens: what clients say with OAUTHBEARER (RFC 7628) and XOAUTH2, and whom a token's
// claims name (RFC 7519, RFC 7662).  Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/base/time.h"

namespace jd::auth {

struct Bearer {
  std::string user;  // as claimed; "" when the token alone says it
  Secret token;
};
// usage: malformed.  At most 12 KB.
Result<Bearer> parse_oauthbearer(std::string_view message);  // n,a=user,^Ahost=..^Aauth=Bearer token^A^A
Result<Bearer> parse_xoauth2(std::string_view message);      // user=name^Aauth=Bearer token^A^A
// What a client is told before it says that it heard (RFC 7628 §3.2.2): JSON.
std::string bearer_error(std::string_view mechanism, const std::string& scope);

struct TokenRules {
  std::string issuer = {};             // "": any
  std::vector<std::string> audience = {};  // one of these must be meant; empty: any
  std::string scope = {};              // must be among the token's; "": none
  std::string claim = "email";         // which one names the account
};
// The account's name in claims that are believed already.  perm: expired, not valid yet, for another
// audience, of another issuer, without the scope or the claim.  A clock may be wrong by a minute.
Result<std::string> account_of_claims(const Json& claims, const TokenRules& rules, Time now, bool must_expire);

}  // namespace jd::auth
