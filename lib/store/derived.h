// SPDX-License-Identifier: MIT
// derived.h: box/<folder>.wire and .digest: what was made of a folder's messages, one after the other.
//
// wire: what IMAP answers for ENVELOPE and BODYSTRUCTURE, so that listing a folder is one walk
// through memory; digest: what searching and sorting ask of a header (lib/mime/digest.h).  Each is
// filled by sessions when they had to make many, and may be deleted: then they are made again.
// An entry tells its record's place (in units of 8 bytes; 0: none); the index says of which file,
// by its id.  A record that is not that message's, or damaged, is as if it were not there.
//   file   := "JDDERIV\1" id:u64 zero[48]  record*
//   record := stamp:u64 length:u32 crc:u32 bytes pad     to a multiple of 8; crc = crc32c of the bytes
// The file only grows; it is mapped.  Appends happen under the account's lock.  Nothing is synced.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::store {

class DerivedFile {
 public:
  DerivedFile() = default;
  DerivedFile(const DerivedFile&) = delete;
  DerivedFile& operator=(const DerivedFile&) = delete;
  ~DerivedFile() { close(); }

  // The file with this id; false: there is none such (then nothing is found).
  bool open(int dir, const std::string& name, uint64_t id);
  // A new, empty one in its place.
  Status create(int dir, const std::string& name);
  void close();
  uint64_t id() const { return id_; }

  // Lives until the next call of any function here.
  std::optional<std::string_view> get(uint32_t place, uint64_t stamp);
  struct One { uint64_t stamp; std::string_view bytes; };
  Result<std::vector<uint32_t>> append(int dir, const std::string& name, const std::vector<One>& all);

 private:
  bool map();
  Fd fd_;
  uint64_t id_ = 0;
  const char* at_ = nullptr;
  uint64_t mapped_ = 0;
};

}  // namespace jd::store
