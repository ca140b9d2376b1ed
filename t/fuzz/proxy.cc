// SPDX-License-Identifier: MIT
// Any bytes as a PROXY header, whole and by every beginning: what is decided is not taken back.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/net/proxy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto whole = jd::net::parse_proxy(in);
  bool needs_more = whole && !*whole;
  std::size_t used = whole && *whole ? (*whole)->size : 0;
  if (used > size || used > jd::net::max_proxy_header || (needs_more && size >= jd::net::max_proxy_header)) abort();
  for (std::size_t n = 0; n < size && n < 300; n++) {
    auto part = jd::net::parse_proxy(in.substr(0, n));
    if (!part && whole) abort();
    if (part && *part && (!whole || !*whole || (*part)->size != used)) abort();
    if (part && *part) (void)(*part)->client.text();
  }
  return 0;
}
