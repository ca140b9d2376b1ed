// SPDX-License-Identifier: MIT
// Any bytes as the local part of an address that was rewritten for forwarding, and as an address to rewrite.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/directory/srs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::directory;
  static const std::vector<std::string> keys{std::string(32, 'k')};
  std::string_view in(reinterpret_cast<const char*>(data), size);
  if (srs_reverse({}, in, 20'000)) __builtin_trap();  // without a key nobody has made it
  (void)srs_reverse(keys, in, 20'000);
  std::string to = srs_forward(keys, in, "ours.example", 20'000);
  if (to == in) return 0;
  auto back = srs_reverse(keys, to.substr(0, to.rfind('@')), 20'000);
  if (!back || (to.starts_with("SRS0=") && *back != in)) __builtin_trap();
  return 0;
}
