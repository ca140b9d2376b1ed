// SPDX-License-Identifier: MIT
// Any bytes as a client's two SCRAM messages: the first line, and the rest.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/auth/scram.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::auth;
  static const Verifier verifier = fake_verifier("key", "ann");
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto cut = std::min(in.find('\n'), in.size());
  for (bool is_plus : {false, true}) {
    Scram s(is_plus, {is_plus, "0123456789abcdef", ""});
    auto first = s.first(in.substr(0, cut));
    if (!first) continue;
    s.challenge(verifier, "nonce");
    // Nobody has the password: who gets in has found a hole.
    if (s.final(in.substr(std::min(cut + 1, in.size())), verifier)) __builtin_trap();
  }
  (void)Verifier::parse(in);  // bytes of a record, good or not
  return 0;
}
