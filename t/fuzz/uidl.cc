// SPDX-License-Identifier: MIT
// uidl: the file of another server's POP3 names as a disk may give it back.
#include <stdlib.h>

#include "lib/log/crc32c.h"
#include "lib/store/format.h"
#include "lib/store/uidl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace jd;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)store::decode_uidls(bytes);  // mostly refused for its checksum
  bytes.insert(0, "JDUIDL1\0", 8);
  store::put(bytes, journal::crc32c(0, bytes));
  auto all = store::decode_uidls(bytes);
  if (!all) return 0;
  for (auto& [uid, name] : all->all())
    if (!uid || !store::is_uidl(name) || !all->has(name)) abort();
  auto again = store::decode_uidls(store::encode(*all));
  if (!again || again->all() != all->all() || again->uid_validity() != all->uid_validity()) abort();
  return 0;
}
