// SPDX-License-Identifier: MIT
#include "lib/log/record.h"

#include <string.h>

#include <bit>

#include "lib/log/crc32c.h"

static_assert(std::endian::native == std::endian::little, "segments are little endian");

namespace jd::journal {
namespace {
constexpr char header_magic[6] = {'J', 'D', 'S', 'E', 'G', '\0'};

template <class T>
void put(char* at, T v) {
  memcpy(at, &v, sizeof v);
}
template <class T>
T get(const char* at) {
  T v;
  memcpy(&v, at, sizeof v);
  return v;
}
}  // namespace

std::string encode(const SegmentHeader& h) {
  std::string r(header_bytes, '\0');
  memcpy(r.data(), header_magic, sizeof header_magic);
  put<uint16_t>(r.data() + 6, version);
  put<uint32_t>(r.data() + 8, h.kind);
  put<uint32_t>(r.data() + 12, h.number);
  put<uint64_t>(r.data() + 16, h.created_ns);
  put<uint64_t>(r.data() + 24, h.generation);
  put<uint32_t>(r.data() + 60, crc32c(0, std::string_view(r).substr(0, 60)));
  return r;
}

std::optional<SegmentHeader> decode_header(std::string_view b) {
  if (b.size() < header_bytes || memcmp(b.data(), header_magic, sizeof header_magic) != 0) return {};
  if (get<uint16_t>(b.data() + 6) != version) return {};
  if (get<uint32_t>(b.data() + 60) != crc32c(0, b.substr(0, 60))) return {};
  return SegmentHeader{get<uint32_t>(b.data() + 8), get<uint32_t>(b.data() + 12),
                       get<uint64_t>(b.data() + 16), get<uint64_t>(b.data() + 24)};
}

Framing::Framing(uint64_t generation) {
  char g[8];
  put(g, generation);
  magic_ = crc32c(0x4a444d47, {g, 8}) | 1;  // never zero: zeros are no record
  seed_ = crc32c(0x4a445345, {g, 8});
}

void Framing::encode(std::string& out, uint16_t type, uint16_t flags, uint64_t stamp,
                     const std::vector<std::string_view>& payload) const {
  std::size_t length = 0;
  for (auto p : payload) length += p.size();
  std::size_t start = out.size();
  out.reserve(start + record_bytes(length));
  out.resize(start + head_bytes);
  for (auto p : payload) out.append(p);
  finish(out, start, type, flags, stamp);
}

void Framing::finish(std::string& out, std::size_t start, uint16_t type, uint16_t flags, uint64_t stamp) const {
  std::size_t length = out.size() - start - head_bytes;
  char* head = out.data() + start;
  put<uint32_t>(head, magic_);
  put<uint32_t>(head + 8, static_cast<uint32_t>(length));
  put<uint16_t>(head + 12, type);
  put<uint16_t>(head + 14, flags);
  put<uint64_t>(head + 16, stamp);
  put<uint32_t>(head + 4, crc32c(seed_, std::string_view(out).substr(start + 8)));
  out.resize(start + record_bytes(length));
}

std::optional<RecordHead> Framing::head(std::string_view b) const {
  if (b.size() < head_bytes || get<uint32_t>(b.data()) != magic_) return {};
  RecordHead h{get<uint32_t>(b.data() + 8), get<uint16_t>(b.data() + 12),
               get<uint16_t>(b.data() + 14), get<uint64_t>(b.data() + 16),
               get<uint32_t>(b.data() + 4)};
  if (h.length > max_payload_bytes) return {};
  return h;
}

bool Framing::is_good(const RecordHead& h, std::string_view b) const {
  return b.size() >= head_bytes + h.length &&
         crc32c(seed_, b.substr(8, head_bytes - 8 + h.length)) == h.crc;
}

}  // namespace jd::journal
