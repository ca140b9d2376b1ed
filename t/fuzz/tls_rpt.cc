// SPDX-License-Identifier: MIT
// What other domains say of where they want reports about TLS; what we kept of a period in the state file.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/smtp/tls_rpt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::smtp;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  for (auto& records : {std::vector{std::string(in)}, {"v=TLSRPTv1;rua=" + std::string(in)}}) {
    auto places = tlsrpt_places(records);
    MUST(places.size() <= 10);
    for (auto& p : places) MUST((p.starts_with("mailto:") || p.starts_with("https://")) && p.find_first_of("\r\n <>") == p.npos);
  }
  TlsCounts c = TlsCounts::decode(in);
  std::string text = c.encode();
  MUST(TlsCounts::decode(text).encode() == text);
  TlsSession s;
  s.result = "validation-failure";
  s.to_host = in.substr(0, 100);
  c.add(s);
  (void)report_json({}, c);
  return 0;
}
