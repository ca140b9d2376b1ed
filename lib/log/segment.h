// SPDX-License-Identifier: MIT
// segment.h: append-only files of checksummed records, and reading them whatever happened.
//
// Two users.  The queue's journal: preallocated segments, one fdatasync for many records, recycled.
// The mail store: segments that grow, several processes that append in turn under the caller's lock.
//
//   SegmentWriter   append() frames into memory; flush() makes it visible to readers (one pwrite);
//                   commit() makes it durable (flush + fdatasync).  Nothing is promised before.
//   SegmentReader   next() goes through the records and over damage: a flipped byte costs at most
//                   the record that it hit.  read() fetches one by reference, checksum verified.
//                   skim_until(): of long records that their living writer has just committed, for
//                   a reader that needs their start, no more is read, and nothing verified.
//
// Blocking; one thread per object; all writes go through lib/base/file.h, the fault seam.  Reading
// never maps the file, so a shrinking file or a bad disk is an Error and no signal.
// Errors: temp (space, I/O, a segment unusable after a failed commit), perm (not a segment),
// with sys == ENODATA when the header is missing or torn: a crash hit the creation, nothing was ever
// committed there, the caller may remove the file and create it anew.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/log/record.h"

namespace jd::journal {

// A record longer than skim_over, head included, is skimmed: its first skim_bytes are read.  Shorter
// ones cost less whole, many in one block.
constexpr std::size_t skim_bytes = 2 << 10;
constexpr std::size_t skim_over = 8 << 10;

struct Ref {
  uint32_t segment = 0;  // the header's number
  uint64_t offset = 0;   // of the record's head
  uint32_t length = 0;   // of the payload
  bool operator==(const Ref&) const = default;
  uint64_t end() const { return offset + record_bytes(length); }
};

struct Record {  // payload lives until the reader's next call
  Ref ref;
  uint16_t type = 0, flags = 0;
  uint64_t stamp = 0;
  std::string_view payload;
  bool is_checked = true;  // false: skimmed; payload is its start, ref.length the whole's
};
struct OwnedRecord {
  Ref ref;
  uint16_t type = 0, flags = 0;
  uint64_t stamp = 0;
  std::string payload;
};

struct Damage {
  uint64_t offset = 0, length = 0;  // bytes skipped
  std::string_view reason;          // "bad checksum", "no record"
};

struct SegmentOptions {
  uint32_t kind = 0;
  uint32_t number = 0;
  uint64_t preallocate_bytes = 0;  // > 0: zero-filled to this size at once, and never grows beyond
  bool durable = true;             // false: the creation itself is not synced (a later syncfs does)
  uint64_t max_room = 0;           // see make_room(): the same for all who append to the file
};

class SegmentReader;

class SegmentWriter {
 public:
  // A new file; EEXIST when there is one.
  static Result<SegmentWriter> create(int dir, const std::string& name, const SegmentOptions& o);
  // An existing one: continues after its last good record and cuts what is torn behind it
  // (tail_cut()).  known_end: an offset up to which the caller knows it good (a checkpoint), or 0;
  // the work is proportional to what lies behind it.  A preallocated file stays preallocated when
  // the same o.preallocate_bytes is given.
  static Result<SegmentWriter> append_to(int dir, const std::string& name, uint64_t known_end = 0,
                                         uint64_t preallocate_bytes = 0, uint64_t max_room = 0);
  // A spare, preallocated file becomes a new, empty segment: new header and generation (durable
  // first), then rename from old_name to new_name, then fsync of the directory.
  static Result<SegmentWriter> recycle(int dir, const std::string& old_name,
                                       const std::string& new_name, const SegmentOptions& o);

  // Frames a record into the buffer.  Fault::temp, sys ENOSPC: a preallocated segment is full;
  // Fault::usage: payload too long, or the segment is sealed.
  Result<Ref> append(uint16_t type, uint16_t flags, uint64_t stamp,
                     const std::vector<std::string_view>& pieces);
  // append() and flush() of one large record, not copied: `record` is head_bytes of anything and the payload,
  // and room to grow by 7; it is framed in place.  Nothing may be buffered.
  Result<Ref> write(uint16_t type, uint16_t flags, uint64_t stamp, std::string& record);
  // Buffered records become visible.  On Error none of those buffered since the last flush counts;
  // they are forgotten and the segment remains usable if what was written of them could be taken
  // back, else is_broken().
  Status flush();
  // flush() and fdatasync.  After a failed sync is_broken(): the kernel may have dropped the pages,
  // a second fdatasync would lie.  Everything since the last successful commit is in doubt.
  Status commit();
  // Forgets what is buffered and not flushed.
  void discard() { buffer_.clear(); }
  // Another process may have appended: continue at the new end.  The caller holds the lock under
  // which all writers append, and has nothing buffered.  Costs one fstat when nothing is new (and where
  // there is room one pread), else O(new bytes).  Cuts what a writer that died left torn.
  Status refresh();
  // For a file that grows: zeros behind its end, `bytes` of them (at most max_room) when fewer are left
  // than `least`.  The commit of what was appended before makes them durable, and those after it change no
  // metadata while there is room: a third less to wait for.  Under the lock; others who append write over them as we do.
  // Error: there is no room then, and all else is as before.
  Status make_room(uint64_t bytes, uint64_t least);
  // What is left of it is given back.  Under the lock.
  Status cut_room();
  uint64_t room() const { return room_end_ > size_ ? room_end_ - size_ : 0; }
  // Says durably that nothing follows.
  Status seal();

  uint64_t size() const { return size_ + buffer_.size(); }  // where the next record goes
  uint64_t flushed() const { return size_; }                // visible
  uint64_t committed() const { return committed_; }         // durable
  bool fits(uint64_t payload_bytes) const;                  // beside room for the seal
  bool is_sealed() const { return sealed_; }
  bool is_broken() const { return broken_; }
  uint64_t tail_cut() const { return tail_cut_; }  // bytes cut by append_to() and refresh() so far
  uint32_t number() const { return header_.number; }
  const SegmentHeader& header() const { return header_; }
  int fd() const { return fd_.get(); }

 private:
  SegmentWriter(Fd fd, const SegmentHeader& h, uint64_t limit, uint64_t max_room)
      : fd_(std::move(fd)), header_(h), framing_(h.generation), limit_(limit), max_room_(max_room) {}
  Status find_end(uint64_t from);
  Status may_append(uint16_t type, uint64_t length) const;
  Status write_out(std::string_view bytes);
  Result<SegmentReader> reader_at(uint64_t offset) const;
  Result<bool> find_end_in_room();

  Fd fd_;
  SegmentHeader header_;
  Framing framing_;
  std::string buffer_;
  uint64_t size_ = header_bytes, committed_ = 0, limit_ = 0, tail_cut_ = 0;
  uint64_t max_room_ = 0, room_end_ = 0;  // of the file, when there are zeros from size_ to there
  bool sealed_ = false, broken_ = false;
};

class SegmentReader {
 public:
  static Result<SegmentReader> open(int dir, const std::string& name);
  static Result<SegmentReader> from(Fd fd);  // e.g. one received over a socket

  // The next good record, or nullopt at the end of what there is now (or at the limit): call it
  // again later when more may have been written.  What is skipped goes to damage().
  Result<std::optional<Record>> next();
  // One record by its place, owning its bytes.  perm: no good record there.
  Result<OwnedRecord> read(uint64_t offset, uint32_t length) const;
  Result<OwnedRecord> read(const Ref& r) const { return read(r.offset, r.length); }

  const std::vector<Damage>& damage() const { return damage_; }
  // Bytes between the last good record and the last byte that is not zero, when next() has returned
  // nullopt: 0, a torn tail or (a recycled file) what an earlier generation left.
  uint64_t torn_tail() const { return torn_; }
  // Gives the memory of the block last read back: for readers that are kept and seldom used.
  void release() { std::string().swap(block_); }
  uint64_t tell() const { return at_; }  // where next() continues
  void seek(uint64_t offset) { at_ = offset, sealed_ = false, scanned_at_ = 0; }
  void set_limit(uint64_t end) { limit_ = end; }  // next() does not look at or beyond it; 0: none
  // Long records that end at or before `end` are skimmed from now on.  Only for an end that the
  // writer itself has told, in this process's life, of a file that it began in this life: after a
  // restart, whoever's, the checksum alone tells what is there.  Never goes back.
  void skim_until(uint64_t end);
  // next() returns this skimmed record again, whole and verified; or what is wrong goes to damage().
  void reread(const Record& r) { seek(r.ref.offset), whole_at_ = r.ref.offset; }
  bool is_sealed() const { return sealed_; }  // next() has come to the seal
  uint32_t number() const { return header_.number; }
  const SegmentHeader& header() const { return header_; }
  int fd() const { return fd_.get(); }

 private:
  SegmentReader(Fd fd, const SegmentHeader& h)
      : fd_(std::move(fd)), header_(h), framing_(h.generation) {}
  Result<std::string_view> window(uint64_t offset, std::size_t want);
  Result<std::optional<Record>> skim();
  Result<std::optional<Record>> look(uint64_t offset);
  Result<std::optional<Record>> resync();
  std::optional<Record> take(Record r);

  Fd fd_;
  SegmentHeader header_;
  Framing framing_;
  std::string block_;
  uint64_t block_at_ = 0, at_ = header_bytes, limit_ = 0, torn_ = 0;
  uint64_t trusted_ = 0, whole_at_ = 0;  // skimmed up to there; but not the one there
  std::size_t ahead_ = skim_bytes;       // read at once below trusted_
  uint64_t end_seen_ = UINT64_MAX;  // of the file, when this look asked
  uint64_t scanned_at_ = 0, scanned_end_ = 0;  // nothing found from there to there: don't look again
  bool sealed_ = false;
  std::string_view why_;
  std::vector<Damage> damage_;
};

}  // namespace jd::journal
