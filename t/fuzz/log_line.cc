// SPDX-License-Identifier: MIT
// log_line: a line of a log, as jdctl trace reads it.
#include <stdlib.h>

#include "lib/base/log_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto l = jd::parse_log_line(bytes);
  if (!l) return 0;
  if (l->event.empty() || l->fields.size() > jd::max_log_fields) abort();
  std::size_t sum = l->time.size() + l->event.size();
  for (auto& [k, v] : l->fields) sum += k.size() + v.size();
  if (sum > size) abort();
  return 0;
}
