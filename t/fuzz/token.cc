// SPDX-License-Identifier: MIT
// Any bytes as what clients and issuers say about tokens: bearer messages, signed tokens, key sets, claims.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/auth/jose.h"
#include "lib/auth/token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  using namespace jd::auth;
  static const Key key = *Key::make();
  static const Jwks ours{{{"k", key}}};
  std::string_view in(reinterpret_cast<const char*>(data), size);
  for (auto parse : {parse_oauthbearer, parse_xoauth2})
    if (auto b = parse(in); b && b->token.empty()) __builtin_trap();
  auto set = Jwks::parse(in);
  if (auto jws = Jws::parse(in)) {
    if (ours.verify(*jws)) __builtin_trap();  // nobody else has the key
    if (set) (void)set->verify(*jws);         // whatever it is
  }
  if (auto json = Json::parse(in)) {
    auto account = account_of_claims(*json, {"", {}, "", "sub"}, from_seconds(1'700'000'000), false);
    if (account && account->empty()) __builtin_trap();
  }
  return 0;
}
