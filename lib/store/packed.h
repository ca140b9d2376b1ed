// SPDX-License-Identifier: MIT
// packed.h: entries in few bytes: of each only what differs from what the one before it leads one to expect.
//
// Messages that came one after the other take 15 to 20 bytes each instead of 72: a log, and what is kept in
// memory of expunged ones, are smaller by so much.  jdmail-store(5) tells the same.
//   packed := item*
//   item   := differs:u8 [attributes:4] [uid] [segment] [offset] [size] [mod_seq] [saved] [keywords]
//             length meta date stamp:u64
//   A field in brackets is there when its bit of `differs` is set, from 1 for attributes to 128 for keywords,
//   in that order; else it is as expected.  attributes: flags, kind and marks, as they lie in an entry.
//   Expected: uid the one before plus 1, offset where the record before ends, size is length - meta, others
//   as before; before the first: all 0.
//   Numbers are LEB128 (seven bits a byte, lowest first).  keywords, length and meta are what they are; the
//   others, and date, tell how far it is from what is expected (date: from the one before), zigzag.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/store/format.h"

namespace jd::store {

constexpr std::size_t packed_most = 96;   // bytes that one can take
constexpr std::size_t packed_least = 12;

// Appends entries (all but wire and digest, as in a log) to a text.
class Packer {
 public:
  explicit Packer(std::string& out) : out_(&out) {}
  void add(const Entry& e);
  void add_number(int64_t n);  // of the user's, behind an entry: a zigzag number

 private:
  std::string* out_;
  Entry before_;
};

// Reads them.  Outside bytes: whatever they are, nothing beyond them is read.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : at_(in.data()), end_(in.data() + in.size()) {}
  bool at_end() const { return at_ == end_; }
  bool next(Entry& e);         // false: malformed
  bool number(int64_t& n);     // false: malformed

 private:
  const char *at_, *end_;
  Entry before_;
};

}  // namespace jd::store
