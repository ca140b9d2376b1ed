// SPDX-License-Identifier: MIT
// Frames as a peer on a socket could send them: a frame that is taken is encoded again and must
// then say the same; the decoder never takes more than there is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/ipc/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  jd::ipc::Decoder decoder(4096);
  while (!bytes.empty()) {
    auto found = decoder.next(bytes);
    if (!found || !*found) break;
    MUST((*found)->used > 0 && (*found)->used <= bytes.size());
    bytes.remove_prefix((*found)->used);
    std::string once = (*found)->message.encode();
    auto again = jd::ipc::Decoder(8192).next(once);
    MUST(again && *again && (*again)->used == once.size());
    MUST((*again)->message.encode() == once);
    (void)(*found)->message.error();
  }
  return 0;
}
