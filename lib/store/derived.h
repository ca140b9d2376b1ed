// SPDX-License-Identifier: MIT
// derived.h: box/<folder>.wire and .digest: what was made of a folder's messages, one after the other.
//
// wire: what IMAP answers for ENVELOPE and BODYSTRUCTURE, so that listing a folder is one walk
// through memory; digest: what searching and sorting ask of a header (lib/mime/digest.h).  Each is
// filled by who brings the mail, behind the deliveries (deriver.h), and by sessions when they had to
// make many; it may be deleted: then they are made again.
// An entry tells its record's place (in units of 8 bytes; 0: none); the index says of which file,
// by its id.  A record that is not that message's, or damaged, is as if it were not there.
//   file   := "JDDERIV\1" id:u64 zero[48]  record*
//   record := stamp:u64 length:u32 crc:u32 bytes pad     to a multiple of 8; crc = crc32c of the bytes
//   bytes  := wire | digest       wire := length:u32 envelope body_structure     the envelope's length
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

// What a record of .wire says; views of `record` when it was decoded.
struct Wire { std::string_view envelope, body_structure; };
std::string encode(const Wire& w);
std::optional<Wire> decode_wire(std::string_view record);
// What a record of .digest says of a message as the store has it: its NULs are bytes 0x80, as IMAP shows them.
std::string derive_digest(std::string message);

// Records on their way to a file.  One room is used again and again, so that a listing of very many
// messages needs little memory: Folder::write_derived() empties it.
class DerivedBatch {
 public:
  static constexpr std::size_t max_room = 64 << 20;  // bytes; with more waiting, nothing of the batch is kept
  void add(uint32_t uid, uint64_t stamp, std::string_view bytes);
  bool ends_with(uint32_t uid, uint64_t stamp) const { return !all_.empty() && all_.back().uid == uid && all_.back().stamp == stamp; }
  std::size_t count() const { return all_.size(); }
  std::size_t waiting() const { return room_.size(); }  // bytes that are in no file yet
  void give_up();                                       // nothing is kept, nor added any more
  // So many will be made, if all goes well: pieces are written from the first on.
  void expect(std::size_t messages) { expected_ = messages; }

 private:
  friend class DerivedFile;
  friend class Folder;
  struct One { uint32_t uid, place; uint64_t stamp; };  // place: in the room, or in the file
  std::vector<One> all_;
  std::size_t written_ = 0;  // so many of all_ are in the file
  std::size_t expected_ = 0;
  std::string room_;
  uint64_t file_ = 0;        // its id
  bool is_given_up_ = false;
};

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
  bool is_there() const;  // open, and neither deleted nor replaced since

  // Lives until the next call of any function here.
  std::optional<std::string_view> get(uint32_t place, uint64_t stamp);
  // What waits in the batch, whose places are the file's then.  temp: the file was replaced meanwhile.
  Status write(int dir, const std::string& name, DerivedBatch& b);

 private:
  bool map();
  Fd fd_;
  uint64_t id_ = 0;
  const char* at_ = nullptr;
  uint64_t mapped_ = 0;
};

}  // namespace jd::store
