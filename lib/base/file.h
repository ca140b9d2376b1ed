// SPDX-License-Identifier: MIT
// file.h: every file operation whose outcome durability depends on, and the seam for its faults.
//
// Nothing in jdmail calls write(2), fsync(2), rename(2) ... on stored data directly: it calls these.
// They retry EINTR, finish short writes, and say in the Error what failed on which path.
// `Faults` lets a test fail the k-th operation, or record all of them and rebuild the directory as
// a power cut would leave it (t/crash).  Unset, it costs one predictable branch.  Blocking.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::file {

enum class Op : uint8_t { open, write, sync, rename, link, unlink, mkdir, truncate, allocate };

// Called before the operation is done.  Returns 0 to go on, or the errno to fail with; for a write
// it may lower *bytes so that only a part is written before the failure (bytes is null elsewhere).
// rename and link: fd is the old directory, path is "old\0new", offset the new directory's descriptor.
// truncate: offset is the new size; allocate: the end of what is reserved; append: UINT64_MAX.
// sync of a whole file system has the path "*".
struct Faults {
  virtual ~Faults() = default;
  virtual int before(Op op, int fd, std::string_view path, std::string_view data, uint64_t offset,
                     std::size_t* bytes) = 0;
};
void set_faults(Faults* faults);  // tests only; nullptr: none

// flags as open(2); O_CLOEXEC is added.  dir may be AT_FDCWD.
Result<Fd> open(int dir, const std::string& path, int flags, mode_t mode = 0600);
inline Result<Fd> open(const std::string& path, int flags, mode_t mode = 0600) {
  return open(AT_FDCWD, path, flags, mode);
}
Status write_at(int fd, std::string_view bytes, uint64_t offset);  // all of it, at offset
Status write_pieces_at(int fd, const std::vector<std::string_view>& pieces, uint64_t offset);
Status append(int fd, std::string_view bytes);                     // all of it; fd has O_APPEND
// Reads until `size` bytes or the end of file; the result may be shorter than asked.
Result<std::string> read_at(int fd, std::size_t size, uint64_t offset);
Result<std::size_t> read_at(int fd, void* into, std::size_t size, uint64_t offset);
Result<std::string> read_all(const std::string& path, std::size_t limit = 64 << 20);
Result<std::string> read_all(int dir, const std::string& path, std::size_t limit = 64 << 20);
Status sync_data(int fd);                     // fdatasync
Status sync_directory(int dir);               // fsync of a directory
Status sync_file_system(int fd);              // syncfs: all written so far on that file system
Status write_back(int fd);                    // the file's data go to the disk, and nothing is promised
Status rename(int dir, const std::string& from, const std::string& to);
Status rename(int from_dir, const std::string& from, int to_dir, const std::string& to);
Status link(int from_dir, const std::string& from, int to_dir, const std::string& to);
Status unlink(int dir, const std::string& path);  // an absent file is not an error
Status make_directory(int dir, const std::string& path, mode_t mode = 0700);  // present: fine
Status make_directories(const std::string& path, mode_t mode = 0700);         // like mkdir -p
Status truncate(int fd, uint64_t size);
Status allocate(int fd, uint64_t offset, uint64_t size);  // posix_fallocate: space is really there
Result<uint64_t> size_of(int fd);
bool exists(const std::string& path);
Result<std::vector<std::string>> list(int dir, const std::string& path);  // names, sorted, no dots
Status remove_tree(const std::string& path);

// name appears in dir with exactly these bytes or not at all, and survives a power cut on return:
// tmp name -> write -> fdatasync -> rename -> fsync(dir).  name has no '/'.
Status write_durable(int dir, const std::string& name, std::string_view bytes, mode_t mode = 0600);

// An exclusive lock on a file of its own, held while the Fd lives.  Busy: Fault::perm, with the pid
// that the holder wrote into it in the text.
Result<Fd> lock(const std::string& path);

}  // namespace jd::file
