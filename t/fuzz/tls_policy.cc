// SPDX-License-Identifier: MIT
// What other domains say about TLS: MTA-STS records and policies, TLSA records; and the operator's table.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/net/tls_peer.h"
#include "lib/smtp/tls_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  (void)smtp::sts_id({std::string(in), "v=STSv1; id=a"});
  if (auto p = smtp::parse_sts_policy(in)) {
    auto again = smtp::parse_sts_policy(p->text());
    if (!again || again->text() != p->text()) __builtin_trap();
    (void)p->allows(in);
  }
  if (auto t = smtp::TlsTable::parse(in, "f")) (void)t->of(in);
  (void)smtp::says_tls_optional(in);
  if (net::usable_tlsa({std::string(in)}) > 1) __builtin_trap();
  return 0;
}
