// SPDX-License-Identifier: MIT
// Any bytes as the record of what compaction moved: what is taken says the same when it is written again.
#include <cstdint>
#include <string_view>

#include "lib/base/result.h"
#include "lib/store/format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::store;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto moves = decode_moves(in);
  if (!moves) return 0;
  MUST(encode_moves(moves->from, moves->all) == in);
  for (auto& m : moves->all) {
    MUST(m.segment != moves->from);
    const Move* found = find_move(moves->all, m.offset);
    MUST(found == &m);
    MUST(m.offset == 0 || find_move(moves->all, m.offset - 1) != &m);
  }
  return 0;
}
