// SPDX-License-Identifier: MIT
// state_file.h: a small table of texts that survives its process, for one that may open no files.
//
// open() is called with full rights; from then on only the two descriptors are used.  Each change is
// appended to the file in use; when that has grown to more than twice what is alive the table is
// written into the other one, whose header comes last and makes it the one in use:
//   file := "jdstate1" u64{generation} record*       record := u32{crc32c of what follows} u32{key size}
//   u32{value size, 0xffffffff: removed} key value    (little-endian)
// After a kill everything that was set is there; a torn record at the end is dropped.  Nothing is
// synced: what a power cut takes must be such that it can be had anew.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::journal {

class StateFile {
 public:
  static constexpr uint64_t min_rewrite_bytes = 256 << 10, max_bytes = 256 << 20;
  // <dir>/<name>.a and .b, made when absent.  temp: disk.
  static Result<StateFile> open(const std::string& dir, const std::string& name);

  const std::map<std::string, std::string>& all() const { return table_; }
  const std::string* get(const std::string& key) const;
  // temp: the disk; the table has the new value all the same.
  Status set(const std::string& key, std::string value);
  Status remove(const std::string& key);

 private:
  StateFile() = default;
  void read(int fd);
  Status append(const std::string& record);
  Status rewrite();

  Fd files_[2];
  int used_ = 0;
  uint64_t generation_ = 0, end_ = 0, alive_ = 0;
  std::map<std::string, std::string> table_;
};

}  // namespace jd::journal
