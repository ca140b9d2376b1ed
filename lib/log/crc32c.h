// SPDX-License-Identifier: MIT
// crc32c.h: the checksum of every stored record (CRC-32C, Castagnoli, RFC 3720 appendix B.4).
//
// crc32c(0, "123456789") == 0xe3069283.  crc32c(crc32c(0, a), b) == crc32c(0, a + b); any first
// argument other than 0 is a seed.  Uses SSE4.2 where the processor has it, a table otherwise.
#pragma once
#include <cstdint>
#include <string_view>

namespace jd::journal {

uint32_t crc32c(uint32_t seed, std::string_view bytes);
uint32_t crc32c_table(uint32_t seed, std::string_view bytes);  // the fallback, for its test

}  // namespace jd::journal
