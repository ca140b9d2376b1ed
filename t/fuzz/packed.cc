// SPDX-License-Identifier: MIT
// Any bytes as packed entries, as a record of what is gone and as a whole list of it: what is taken says the same
// when it is packed again.
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/store/gone.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::store;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  std::vector<Entry> all;
  Unpacker from(in);
  for (Entry e; from.next(e);) all.push_back(e);
  std::string again;
  Packer to(again);
  for (auto& e : all) to.add(e);
  Unpacker check(again);
  for (auto& e : all) {
    Entry got;
    MUST(check.next(got) && memcmp(&got, &e, entry_bytes) == 0);
  }
  MUST(check.at_end());
  GoneList g;
  bool is_good = g.add_packed(in);
  std::size_t n = 0;
  g.each([&](const Gone&) { n++; });
  MUST(n == g.size() && (!is_good || n > 0 || in.empty()));
  Records<char> bytes;
  bytes.assign(in);
  GoneList any;
  any.become(std::move(bytes), 1);
  any.each([](const Gone&) {});
  any.each_after(1, [](const Gone&) {});
  any.change([](Entry& e) { return ++e.offset, true; });
  return 0;
}
