// SPDX-License-Identifier: MIT
// Rights and identifiers as clients and operators write them: what is taken is read again as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/store/rights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::store;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  if (auto r = Rights::parse(in); r && (*Rights::parse(r->text()) != *r || *Rights::parse(r->imap_text()) != *r) && r->text().size() > 11) __builtin_trap();
  if (auto id = parse_identifier(in)) {
    auto again = parse_identifier(*id);
    if (!again || *again != *id || id->size() > max_identifier) __builtin_trap();
    if (rights_of({{*id, Rights::all()}}, {*id}) != Rights::all()) __builtin_trap();
  }
  return 0;
}
