// SPDX-License-Identifier: MIT
#include "lib/store/packed.h"

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace jd::store {
namespace {

enum Differs : uint8_t { attributes = 1, uid = 2, segment = 4, offset = 8, size = 16, mod_seq = 32, saved = 64, keywords = 128 };
constexpr std::size_t attribute_bytes = sizeof(Entry::flags) + sizeof(Entry::kind) + sizeof(Entry::marks);
static_assert(offsetof(Entry, kind) == offsetof(Entry, flags) + 1 && offsetof(Entry, marks) == offsetof(Entry, flags) + 2);

const char* attributes_of(const Entry& e) { return reinterpret_cast<const char*>(&e) + offsetof(Entry, flags); }

// Differences are taken modulo 2^64, so that any two numbers have one.
uint64_t zigzag(uint64_t difference) { return (difference << 1) ^ (0 - (difference >> 63)); }
uint64_t unzigzag(uint64_t n) { return (n >> 1) ^ (0 - (n & 1)); }

char* put_number(char* at, uint64_t n) {
  for (; n >= 128; n >>= 7) *at++ = static_cast<char>(n | 128);
  *at++ = static_cast<char>(n);
  return at;
}

bool take_number(const char*& at, const char* end, uint64_t& n) {
  n = 0;
  for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
    auto byte = static_cast<uint8_t>(*at++);
    n |= uint64_t{byte & 127u} << shift;
    if (byte < 128) return true;
  }
  return false;
}

uint64_t expected_offset(const Entry& before) { return before.length || before.offset ? before.ref().end() : 0; }
uint64_t expected_size(const Entry& e) { return uint64_t{e.length} - e.meta; }

}  // namespace

void Packer::add(const Entry& e) {
  char bytes[packed_most];
  char* at = bytes + 1;
  uint8_t differs = 0;
  auto field = [&](Differs which, uint64_t expected, uint64_t is) {
    if (is == expected) return;
    differs |= which;
    at = put_number(at, zigzag(is - expected));
  };
  if (memcmp(attributes_of(e), attributes_of(before_), attribute_bytes) != 0) {
    differs |= attributes;
    memcpy(at, attributes_of(e), attribute_bytes);
    at += attribute_bytes;
  }
  field(uid, uint64_t{before_.uid} + 1, e.uid);
  field(segment, before_.segment, e.segment);
  field(offset, expected_offset(before_), e.offset);
  field(size, expected_size(e), e.size);
  field(mod_seq, before_.mod_seq, e.mod_seq);
  field(saved, before_.saved, e.saved);
  if (e.keywords != before_.keywords) {
    differs |= keywords;
    at = put_number(at, e.keywords);
  }
  at = put_number(at, e.length);
  at = put_number(at, e.meta);
  at = put_number(at, zigzag(static_cast<uint64_t>(e.date) - static_cast<uint64_t>(before_.date)));
  memcpy(at, &e.stamp, sizeof e.stamp);
  at += sizeof e.stamp;
  bytes[0] = static_cast<char>(differs);
  out_->append(bytes, static_cast<std::size_t>(at - bytes));
  before_ = e;
}

void Packer::add_number(int64_t n) {
  char bytes[10];
  out_->append(bytes, static_cast<std::size_t>(put_number(bytes, zigzag(static_cast<uint64_t>(n))) - bytes));
}

bool Unpacker::next(Entry& e) {
  if (at_ == end_) return false;
  auto differs = static_cast<uint8_t>(*at_++);
  e = before_;
  e.wire = e.digest = 0;
  if (differs & attributes) {
    if (static_cast<std::size_t>(end_ - at_) < attribute_bytes) return false;
    memcpy(const_cast<char*>(attributes_of(e)), at_, attribute_bytes);
    at_ += attribute_bytes;
  }
  uint64_t n, size_apart = 0;
  bool good = true;
  auto field = [&](Differs which, auto& is, uint64_t expected) {
    uint64_t apart = 0;
    if (differs & which && !take_number(at_, end_, apart)) good = false;
    uint64_t value = expected + unzigzag(apart);
    is = static_cast<std::remove_reference_t<decltype(is)>>(value);
    if (is != value) good = false;
  };
  field(uid, e.uid, uint64_t{before_.uid} + 1);
  field(segment, e.segment, before_.segment);
  field(offset, e.offset, expected_offset(before_));
  field(size, size_apart, 0);
  field(mod_seq, e.mod_seq, before_.mod_seq);
  field(saved, e.saved, before_.saved);
  if (differs & keywords && !take_number(at_, end_, e.keywords)) return false;
  if (!good || !take_number(at_, end_, n) || n > UINT32_MAX) return false;
  e.length = static_cast<uint32_t>(n);
  if (!take_number(at_, end_, n) || n > UINT32_MAX) return false;
  e.meta = static_cast<uint32_t>(n);
  e.size = expected_size(e) + size_apart;
  if (!take_number(at_, end_, n)) return false;
  e.date = static_cast<int64_t>(static_cast<uint64_t>(before_.date) + unzigzag(n));
  if (static_cast<std::size_t>(end_ - at_) < sizeof e.stamp) return false;
  memcpy(&e.stamp, at_, sizeof e.stamp);
  at_ += sizeof e.stamp;
  before_ = e;
  return true;
}

bool Unpacker::number(int64_t& n) {
  uint64_t z;
  if (!take_number(at_, end_, z)) return false;
  n = static_cast<int64_t>(unzigzag(z));
  return true;
}

}  // namespace jd::store
