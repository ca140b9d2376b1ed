// SPDX-License-Identifier: MIT
#include "lib/log/crc32c.h"

#include <string.h>

#include <array>
#ifdef __x86_64__
#include <nmmintrin.h>
#endif

namespace jd::journal {
namespace {

constexpr std::array<std::array<uint32_t, 256>, 8> make_tables() {
  std::array<std::array<uint32_t, 256>, 8> t{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = (c >> 1) ^ ((c & 1) ? 0x82f63b78u : 0);
    t[0][i] = c;
  }
  for (std::size_t k = 1; k < 8; k++)
    for (std::size_t i = 0; i < 256; i++) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 255];
  return t;
}
constexpr auto tables = make_tables();

#ifdef __x86_64__
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(uint32_t seed, std::string_view bytes) {
  uint64_t c = ~seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t v;
    memcpy(&v, p, 8);
    c = _mm_crc32_u64(c, v);
  }
  auto r = static_cast<uint32_t>(c);
  for (; n; n--, p++) r = _mm_crc32_u8(r, static_cast<unsigned char>(*p));
  return ~r;
}
#endif

using Function = uint32_t (*)(uint32_t, std::string_view);

Function choose() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42;
#endif
  return crc32c_table;
}
}  // namespace

uint32_t crc32c_table(uint32_t seed, std::string_view bytes) {
  uint32_t c = ~seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {  // slicing by 8
    uint32_t lo, hi;
    memcpy(&lo, p, 4);
    memcpy(&hi, p + 4, 4);
    lo ^= c;
    c = tables[7][lo & 255] ^ tables[6][lo >> 8 & 255] ^ tables[5][lo >> 16 & 255] ^
        tables[4][lo >> 24] ^ tables[3][hi & 255] ^ tables[2][hi >> 8 & 255] ^
        tables[1][hi >> 16 & 255] ^ tables[0][hi >> 24];
  }
  for (; n; n--, p++) c = (c >> 8) ^ tables[0][(c ^ static_cast<unsigned char>(*p)) & 255];
  return ~c;
}

uint32_t crc32c(uint32_t seed, std::string_view bytes) {
  static const Function function = choose();
  return function(seed, bytes);
}

}  // namespace jd::journal
