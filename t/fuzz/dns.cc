// SPDX-License-Identifier: MIT
// Record data as a DNS server could send it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/result.h"
#include "lib/dns/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::dns;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (Type t : {Type::a, Type::cname, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::tlsa}) {
    auto r = read_record(t, bytes);
    if (!r) continue;
    MUST(r->data.size() <= size);
    if (t == Type::mx || t == Type::ptr || t == Type::cname) MUST(r->data.empty() || is_askable(r->data));
  }
  (void)is_askable(bytes);
  return 0;
}
