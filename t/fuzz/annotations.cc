// SPDX-License-Identifier: MIT
// annotations: the file of annotations as a disk may give it back.
#include <stdlib.h>

#include "lib/log/crc32c.h"
#include "lib/store/annotations.h"
#include "lib/store/format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace jd;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)store::decode_annotations(bytes);  // mostly refused for its checksum
  bytes.insert(0, "JDANNOT1");
  store::put(bytes, journal::crc32c(0, bytes));
  auto all = store::decode_annotations(bytes);
  if (!all) return 0;
  auto again = store::decode_annotations(store::encode(*all));
  if (!again || *again != *all) abort();
  return 0;
}
