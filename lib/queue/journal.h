// SPDX-License-Identifier: MIT
// journal.h: the hot path of the queue: many messages made durable by one fdatasync.
//
//   queue/journal/<n>.seg     a segment (lib/log, kind 1); n: 8 hex digits, never used twice
//   queue/journal/<n>.done    which recipients of which record need no more work
//   queue/journal/spare.<n>   a zero-filled segment for the next use
//
//   record  := id[20] envelope_length:u32 envelope message           type 1, stamp: time received
//   done    := offset:u64 recipient:u32 crc:u32                      16 bytes
// recipient 0xffffffff is all of the record's.  crc: crc32c of the 12 bytes, seeded with the lower
// half of the segment's generation; for a local delivery, with that and the id of this boot of the
// machine.  Nobody syncs done logs, and the store is synced only before a segment retires: after a
// power cut (another boot) a done log may know of local deliveries that the store has lost, so these
// do not count then.  What is done again is harmless: the delivery id finds what is there.
// A record that has moved to a file is said to be done when that file is durable; a replay skips a
// record whose id is also a file's.
//
// What the writer has committed since qrun started, in a segment that it began since then, is not read
// back for checking: of a long record qrun reads id and envelope, and the agents take the message's
// bytes as they are, mostly from memory.  What was there when qrun started, and what no position told
// covers, is checked record by record.
//
// The writer (queue-inject) owns the newest segment; all others are read by qrun, which retires a
// segment when it is complete: sealed or followed by a newer one, no message of it undone, and the
// store and the queue's files synced.  A message is in the journal or a file until it is done.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/log/segment.h"
#include "lib/queue/message.h"

namespace jd::queue {

constexpr uint32_t journal_kind = 1;
constexpr uint16_t record_message = 1;
constexpr std::size_t max_journal_message = 128 << 10;  // larger ones become files in new/
constexpr uint32_t all_recipients = UINT32_MAX;

struct JournalOptions {
  uint64_t segment_bytes = 32 << 20;
  unsigned max_segments = 64;  // unretired ones; then "the queue is full"
};

struct JournalPosition {
  uint32_t segment = 0;
  uint64_t offset = 0;
  bool operator==(const JournalPosition&) const = default;
};

// One thread, one process (the caller holds the service's lock).  Blocks.
class JournalWriter {
 public:
  static Result<JournalWriter> open(int queue_dir, const JournalOptions& o);
  // Frames the message into the batch.  temp: the queue is full or the disk is.
  Result<journal::Ref> add(const std::string& id, const Envelope& e,
                           const std::vector<std::string_view>& message);
  // The whole batch is durable, or none of it may be acknowledged.  After a failure the next add()
  // starts a new segment.
  Status commit();
  // Up to where readers may read: all before is durable.
  JournalPosition position() const { return position_; }
  std::size_t batch_bytes() const;
  // Keeps a spare ready, so that the change of segments costs little: call it when there is time.
  Status prepare_spare();
  std::size_t spares() const { return spares_.size(); }

 private:
  JournalWriter(Fd dir, const JournalOptions& o) : dir_(std::move(dir)), options_(o) {}
  Status roll();
  Status look();
  Status make_spare();

  Fd dir_;
  JournalOptions options_;
  std::optional<journal::SegmentWriter> current_;
  std::vector<std::string> spares_;
  uint32_t next_ = 1;
  unsigned unretired_ = 0;
  uint64_t batch_start_ = 0;
  JournalPosition position_;
  std::optional<Error> batch_error_;
};

struct JournalEntry {
  Message message;
  uint64_t offset = 0;  // of the record: its name in the done log
};

// Reads one segment from its start; follows it while it grows.
class JournalReader {
 public:
  static Result<JournalReader> open(int journal_dir, uint32_t number);
  // nullopt: nothing more now.  A record that is none of ours (damaged envelope) is reported by a
  // log line and skipped: its bytes stay in the segment's copy in corrupt/ (see keep_damaged()).
  Result<std::optional<JournalEntry>> next();
  void set_limit(uint64_t end) { reader_.set_limit(end); }
  void skim_until(uint64_t end) { reader_.skim_until(end); }  // see journal::SegmentReader
  bool is_sealed() const { return reader_.is_sealed(); }
  bool is_damaged() const { return bad_records_ || !reader_.damage().empty(); }
  const std::vector<journal::Damage>& damage() const { return reader_.damage(); }
  uint64_t tell() const { return reader_.tell(); }
  Time created() const { return {static_cast<int64_t>(reader_.header().created_ns)}; }
  uint64_t generation() const { return reader_.header().generation; }
  uint32_t number() const { return number_; }
  const std::shared_ptr<const Fd>& fd() const { return fd_; }

 private:
  JournalReader(journal::SegmentReader r, std::shared_ptr<const Fd> fd, uint32_t number)
      : reader_(std::move(r)), fd_(std::move(fd)), number_(number) {}
  Result<JournalEntry> decode(const journal::Record& r) const;
  journal::SegmentReader reader_;
  std::shared_ptr<const Fd> fd_;
  uint32_t number_ = 0;
  unsigned bad_records_ = 0;
};

class DoneLog {
 public:
  // Reads what is there (a restart); entries with a bad checksum are ignored.
  static Result<DoneLog> open(int journal_dir, uint32_t number, uint64_t generation,
                              std::string_view boot_id);
  bool is_done(uint64_t offset, uint32_t recipient) const;
  bool has_touched(uint64_t offset) const { return seen_.count(offset) != 0; }
  // Buffered.  is_final: done whatever the store has lost: delivered elsewhere, bounced, moved.
  void add(uint64_t offset, uint32_t recipient, bool is_final);
  Status flush();  // one append, not synced
  bool has_lost() const { return has_lost_; }  // a flush failed: not all that was added is there
  void forget() { seen_.clear(); }  // what was read at open() is not needed any more

 private:
  struct Seen {
    bool all = false;
    std::vector<uint32_t> recipients;
  };
  Fd fd_;
  uint32_t seed_ = 0, boot_seed_ = 0;
  bool has_lost_ = false;
  std::string buffer_;
  std::unordered_map<uint64_t, Seen> seen_;
};

// Numbers of the segments in queue/journal, sorted.
Result<std::vector<uint32_t>> list_segments(int journal_dir);
// A complete segment becomes a spare (or goes, when there are max_spares); its done log goes.
Status retire_segment(int journal_dir, uint32_t number, unsigned max_spares = 8);
// Copies a damaged segment to corrupt/, for the operator.
Status keep_damaged(int queue_dir, uint32_t number);
// Removes done logs without a segment.
Status clean_journal(int journal_dir);
std::string segment_name(uint32_t number);

}  // namespace jd::queue
