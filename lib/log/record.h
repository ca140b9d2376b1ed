// SPDX-License-Identifier: MIT
// record.h: how a segment file is laid out; the bytes only, no I/O.  jdmail-log-segment(5).
//
//   segment   := header record* tail
//   header    := "JDSEG\0" version:u16 kind:u32 number:u32 created:u64 generation:u64
//                zero[28] crc:u32                          64 bytes; crc = crc32c of the 60 before it
//   record    := magic:u32 crc:u32 length:u32 type:u16 flags:u16 stamp:u64 payload[length] zero[0-7]
//                                                         starts at a multiple of 8
//   tail      := anything that is no record of this generation: zeros, or what a recycled file held
//
// All numbers are little endian.  `magic` and the seed of `crc` follow from the generation, a random
// number of its own for each life of the file: a record of an earlier life is never taken for one of
// this, and nobody outside can put bytes into a payload that look like a record.
// crc = crc32c(seed, length type flags stamp payload).  Type 0xffff says that the segment is sealed:
// nothing follows.  All other types, flags and stamps are the user's.
//
// Example, one record of type 1, flags 0, stamp 5, payload "hi" (m and c follow from the generation):
//   mm mm mm mm cc cc cc cc 02 00 00 00 01 00 00 00 05 00 00 00 00 00 00 00 68 69 00 00 00 00 00 00
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd::journal {

constexpr std::size_t header_bytes = 64;
constexpr std::size_t head_bytes = 24;
constexpr uint32_t max_payload_bytes = 64u << 20;  // a longer one is damage
constexpr uint16_t version = 1;
constexpr uint16_t type_sealed = 0xffff;

constexpr uint64_t round_up(uint64_t n) { return (n + 7) & ~uint64_t{7}; }
constexpr uint64_t record_bytes(uint64_t payload) { return round_up(head_bytes + payload); }

struct SegmentHeader {
  uint32_t kind = 0;        // the user's
  uint32_t number = 0;      // the user's
  uint64_t created_ns = 0;  // wall time
  uint64_t generation = 0;
};
std::string encode(const SegmentHeader& h);                        // header_bytes long
std::optional<SegmentHeader> decode_header(std::string_view bytes);  // nullopt: not one, or damaged

struct RecordHead {
  uint32_t length = 0;  // of the payload
  uint16_t type = 0;
  uint16_t flags = 0;
  uint64_t stamp = 0;
  uint32_t crc = 0;
};

// Framing of one generation.
class Framing {
 public:
  explicit Framing(uint64_t generation = 0);
  uint32_t magic() const { return magic_; }
  // Appends head, payload and padding to `out`.
  void encode(std::string& out, uint16_t type, uint16_t flags, uint64_t stamp,
              const std::vector<std::string_view>& payload) const;
  // The same where the payload stands already, the last in `out`, with head_bytes for the head before it: it
  // begins at `start`, of the head.
  void finish(std::string& out, std::size_t start, uint16_t type, uint16_t flags, uint64_t stamp) const;
  // The head at the start of `bytes`; nullopt when it is none or bytes are too few.
  std::optional<RecordHead> head(std::string_view bytes) const;
  // bytes = head and payload, at least head_bytes + h.length.
  bool is_good(const RecordHead& h, std::string_view bytes) const;

 private:
  uint32_t magic_, seed_;
};

}  // namespace jd::journal
