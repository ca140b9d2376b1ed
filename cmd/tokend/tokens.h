// SPDX-License-Identifier: MIT
// tokens.h: whose a bearer token is: by the issuer's published keys, or by asking the issuer.
//
//   token ──is it a JWS, and are there keys?──> verify, claims ──> account
//        └──else──> introspection endpoint (RFC 7662) ──> claims ──> account
// A good answer is remembered for a minute under a keyed hash; the keys for an hour, and asked for
// again, at most twice a minute, when a token names one that is not among them.  Tokens are never logged.
// Under a Loop; `done` is called once, maybe at once.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/auth/jose.h"
#include "lib/auth/token.h"
#include "lib/base/config.h"
#include "lib/base/secret.h"
#include "lib/http/client.h"

namespace jd {

class Tokens {
 public:
  using Done = std::function<void(Result<std::string>)>;  // the account's name; perm: no; temp: nobody knows now
  Tokens(http::Client& web, const Config& config, Secret client_secret);
  void account_of(Secret token, Done done);

 private:
  struct Known { std::string account; Time until; };
  void with_keys(std::string_view wanted, std::function<void(const Error*)> then);
  void verify(const auth::Jws& jws, const std::string& key, const Done& done);
  void introspect(const Secret& token, const std::string& key, Done done);
  void answer(const Json& claims, bool must_expire, const std::string& key, const Done& done);

  http::Client& web_;
  std::string jwks_url_, introspection_url_, client_;
  Secret client_secret_;
  auth::TokenRules rules_;
  std::string key_;
  std::optional<auth::Jwks> keys_;
  std::optional<Time> fetched_;  // tried, at least
  std::vector<std::function<void(const Error*)>> waiting_;  // for the keys that are being fetched
  std::unordered_map<std::string, Known> known_;
};

}  // namespace jd
