// SPDX-License-Identifier: MIT
// file_store.h: queued messages as files: what is large, deferred, held or dropped by a command.
//
//   tmp/                 being written
//   new/<name>           durable, not yet scheduled; anyone with the right may rename a file in
//   deferred/<slot>/<due>.<id>   waiting; due: seconds since 1970, 8 hex digits; slot = due / 256
//   hold/<id>  corrupt/<name>    for the operator        journal/   journal.h
//
//   file     := head envelope status[recipients] zero[0-7] message zero[0-7] note*
//   head     := "JDQ1" crc:u32 envelope_length:u32 recipients:u32 message_offset:u64
//               message_length:u64 message_crc:u32 zero[4] id[20] zero[4]          64 bytes
//   envelope := pairs (envelope.h)
//   status   := "Q" queued | "D" delivered | "F" failed, the sender was told | "R" removed by hand
//   note     := "JDQT" crc:u32 length:u32 zero[4] pairs zero[0-7]    starts at a multiple of 8
// Little endian.  crc of the head: crc32c from envelope_length to the end of the envelope; of a note:
// of its pairs.  Status bytes are the only ones ever changed; a note is added per attempt:
//   v=2, attempts, warned=1, then what became of recipients that are not in the file (any more):
//     to (address), at (ns), fate (delivered | failed | deferred), code, host, text
//   and of those that are:  n (index), at, code, host, text, scope   the last failure; scope=address:
//     it is about the address that we send from, another one may pass; older versions skip it
// A note that is torn ends the list; the next one takes its place.  Notes without v have no times and no
// `to`.  All notes together are the history of a message; after max_notes the file is written anew with
// the last max_history attempts in one note.
//
// All calls block.  Errors: temp (I/O, space), perm (corrupt: the caller moves it to corrupt/).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/message.h"

namespace jd::queue {

constexpr int64_t slot_seconds = 256;
constexpr std::size_t max_error_text = 400;

enum class RcptStatus : char { queued = 'Q', delivered = 'D', failed = 'F', removed = 'R' };

constexpr unsigned max_notes = 100, max_history = 50;

struct LastError {
  std::string code, host, text;  // "4.4.1", "mx.example.org", its exact words (cut)
  Time at{};                     // 0: written before times were kept
  bool of_address = false;       // what was refused is the address that we send from (agent.h)
  bool operator==(const LastError&) const = default;
};

// One attempt at one recipient.
struct Attempt {
  std::string to, fate;  // fate: delivered, failed, deferred
  LastError error;       // its time too; of delivered ones: the host's answer
};

// What is known beside the envelope: how often it was tried and why it is still here.
struct Progress {
  uint32_t attempts = 0;
  bool warned = false;  // the sender was told of the delay
  std::vector<RcptStatus> status;   // by recipient
  std::vector<LastError> errors;    // by recipient
  std::vector<Attempt> history;     // what the next note adds; load() leaves it empty, see history()
};

struct QueueFile {
  Message message;
  Progress progress;
  std::string path;         // relative to the queue
  uint64_t notes_end = 0;   // where the next note goes
  uint64_t status_at = 0;
  unsigned notes = 0;       // how many there are
};

// The bytes of a message: pieces, then `length` bytes of fd from `offset`.
struct Source {
  std::vector<std::string_view> pieces;
  int fd = -1;
  uint64_t offset = 0, length = 0;
  uint64_t size() const;
};

// durable: on return it survives a power cut.  named: its bytes do; call sync_new() before promising
// anything.  unsynced: a later sync_file_system() makes it durable.
enum class Durability { durable, named, unsynced };

class FileStore {
 public:
  // Makes the directories that are missing.
  static Result<FileStore> open(const std::string& queue_path);

  // Returns the path.  progress may be empty (all queued, no attempt).
  Result<std::string> add_new(const std::string& id, const Envelope& e, const Source& s,
                              Durability d, const Progress& p = {});
  Result<std::string> add_deferred(const std::string& id, const Envelope& e, const Source& s,
                                   const Progress& p, Time due);
  Status sync_new();   // fsync of new/
  Status sync_all();   // syncfs: all files written so far

  Result<QueueFile> load(const std::string& path) const;
  Result<std::vector<Attempt>> history(const QueueFile& f) const;  // oldest first, the last max_history
  Status verify(const QueueFile& f) const;  // the message's checksum; reads it all
  Status mark(QueueFile& f, std::size_t recipient, RcptStatus s);  // no sync
  // Writes f.progress as a note and renames to the slot of `due`.
  Status defer(QueueFile& f, Time due);
  // Gives the file other recipients (aliases expanded): durable, atomic, same path and id.
  Status rewrite(QueueFile& f, Envelope e, Progress p);
  Status move(QueueFile& f, std::string_view area);  // "new" or "hold"
  Status move(const std::string& path, const std::string& id, std::string_view area);
  Status remove(const std::string& path);
  Status quarantine(const std::string& path);        // to corrupt/

  Result<std::vector<std::string>> list_new() const;       // paths, oldest first
  Result<std::vector<std::string>> list_held() const;
  Result<std::vector<int64_t>> list_slots() const;         // sorted
  struct Waiting { int64_t due; std::string id; };
  Result<std::vector<Waiting>> list_slot(int64_t slot) const;  // unsorted, foreign names left out
  void remove_slot_if_empty(int64_t slot);
  // Removes what writers that died left in tmp/, older than `age`.
  Status clean_tmp(Span age);

  // Another time for a deferred file, nothing else; returns its path then.  No sync.
  Result<std::string> reschedule(const std::string& path, const std::string& id, Time due);

  static std::string deferred_path(int64_t due_seconds, const std::string& id);
  static std::string slot_path(int64_t slot);
  static std::optional<Waiting> parse_deferred(const std::string& name);  // nullopt: no name of ours
  int root() const { return root_.get(); }

 private:
  explicit FileStore(Fd root) : root_(std::move(root)) {}
  Result<std::string> write_tmp(const std::string& id, const Envelope& e, const Source& s,
                                const Progress& p, bool sync) const;
  Status rename_to_slot(const std::string& from, int64_t due, const std::string& to) const;
  Fd root_, new_;
};

void encode_note(std::string& out, const Progress& p);
constexpr int64_t slot_of(int64_t due_seconds) { return due_seconds / slot_seconds; }

}  // namespace jd::queue
