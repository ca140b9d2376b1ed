// SPDX-License-Identifier: MIT
// jose.h: keys and signatures as JSON carries them: JWK (RFC 7517), JWS (RFC 7515), JWA (RFC 7518, 8037).
//
// Algorithms: RS256, ES256 (P-256) and EdDSA (Ed25519).  "none", shared secrets and everything else is
// refused, and a key is never used with an algorithm of another kind.  Pure, but for making keys.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

struct evp_pkey_st;

namespace jd::auth {

class Key {
 public:
  static Result<Key> make();                          // P-256, for ES256
  static Result<Key> from_pem(const Secret& pem);     // a private key of one of the three kinds
  static Result<Key> from_jwk(const Json& jwk);       // a public one; perm: of no known kind, too weak, damaged
  Secret pem() const;                                 // private
  Json jwk() const;                                   // the public part, members in lexical order
  std::string thumbprint() const;                     // RFC 7638, base64url
  std::string algorithm() const;                      // "RS256", "ES256", "EdDSA"
  bool verifies(std::string_view text, std::string_view signature) const;
  Result<std::string> sign(std::string_view text) const;
  evp_pkey_st* get() const { return key_.get(); }

 private:
  explicit Key(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
};

// A JWS in its compact form, not verified yet.  At most 16 KB.
struct Jws {
  Json header;
  std::string payload, signed_text, signature;
  static Result<Jws> parse(std::string_view compact);  // perm: malformed, or wants what we don't know ("crit")
};

// RFC 7515 §7.2.2, the flattened JSON that ACME wants; the header gets "alg".
Result<std::string> sign_jws(const Key& key, Json header, std::string_view payload);

// A JWK set: the keys that we can use; at most 100.
struct Jwks {
  struct Named { std::string id; Key key; };
  std::vector<Named> keys;
  static Result<Jwks> parse(std::string_view text);
  bool has(std::string_view id) const;
  // By the key that the header names; any of the right kind when it names none.  perm: no.
  Status verify(const Jws& jws) const;
};

}  // namespace jd::auth
