// SPDX-License-Identifier: MIT
// Any bytes as an OCSP responder's answer, and as a file of certificates.
#include <cstdint>
#include <string_view>

#include "lib/net/ocsp.h"
#include "t/unit/net/authority.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  static const test::Pair authority = test::certify("authority", 1, nullptr, true), host = test::certify("host.test", 2, &authority, false, nullptr, "http://127.0.0.1/");
  static const net::OcspQuestion question = *net::OcspQuestion::of(host.pem() + authority.pem());
  std::string_view in(reinterpret_cast<const char*>(data), size);
  if (question.read(in, now())) __builtin_trap();  // nobody but the authority signs
  (void)net::OcspQuestion::of(in);
  return 0;
}
