// SPDX-License-Identifier: MIT
// state.h: what a folder holds, as told by the records of its log; no I/O.
//
// Each apply_* takes one record's payload and returns false when it is malformed (nothing changed).
// The same records made by the make_* functions are written by Folder and applied here by every
// process that reads them, so all see the same.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/store/format.h"
#include "lib/store/gone.h"
#include "lib/store/records.h"
#include "lib/store/uid_set.h"

namespace jd::store {

class FolderState {
 public:
  const Records<Entry>& entries() const { return entries_; }  // rising UIDs
  const Entry* find(uint32_t uid) const;
  std::size_t first_at_least(uint32_t uid) const;  // index into entries(); their size: none
  const GoneList& gone() const { return gone_; }
  FolderState() = default;
  FolderState(FolderState&&) = default;
  FolderState& operator=(FolderState&&) = default;
  FolderState copy() const;
  uint32_t uid_validity() const { return uid_validity_; }
  uint32_t uid_next() const { return uid_next_; }          // what the next arrival gets at the least
  uint32_t reserved_end() const { return reserved_end_; }  // UIDs below it may be used without a sync
  const std::string& reserved_boot() const { return reserved_boot_; }
  uint32_t recent() const { return recent_; }
  uint64_t mod_seq() const { return mod_seq_; }            // HIGHESTMODSEQ
  const std::vector<std::string>& keywords() const { return keywords_; }
  int keyword_bit(std::string_view name) const;  // -1: not known; case-insensitive
  uint64_t bytes() const { return bytes_; }      // sum of the sizes of entries()
  uint32_t unseen() const { return unseen_; }
  std::size_t first_unseen() const;              // index into entries(); their size: none
  // The UIDs whose flags changed after mod_seq `since` and before `before` (some may be gone);
  // nullopt: too long ago to be remembered here, ask the entries.
  std::optional<UidSet> changed_since(uint64_t since, uint64_t before = UINT64_MAX) const;
  uint64_t touched() const { return touched_; }  // entries that records changed since the state began

  bool apply(uint16_t type, uint64_t stamp, std::string_view payload);
  // The UIDs of arrivals so far that must not be handed out again although the machine may have
  // lost their entries: called when the log was opened under another boot than it was written in.
  void skip_to(uint32_t uid) { if (uid > uid_next_) uid_next_ = uid; }
  // The same for all that were reserved, and for the mod_seqs that such arrivals may have had.
  void skip_reserved();
  // An entry whose message is not there (lost with the machine's power before it was acknowledged,
  // or damaged).
  void drop(uint32_t uid);
  void init(uint32_t uid_validity);
  // Another UIDVALIDITY, UIDs from 1 on; only while there are no entries.  What is gone has UID 0
  // then: it is still known to replays and imports, but cannot come back.
  void renumber(uint32_t uid_validity);

  // All of it at once, from an index.  false: makes no sense, nothing changed.
  struct Parts {
    Records<Entry> entries;
    GoneList gone;
    std::string keywords, reserved_boot;
    uint32_t uid_validity = 0, uid_next = 1, recent = 1, reserved_end = 1, unseen = 0, first_unseen = 0;
    uint64_t mod_seq = 1, bytes = 0;
  };
  bool become(Parts p);
  // Where a message's derived forms are; lasts until the state is read anew, or an index is written.
  void place(std::size_t index, uint32_t wire, uint32_t digest);

  // The records that say all of this; expunged entries older than `keep_since` are left out.
  struct Out { uint16_t type; uint64_t stamp; std::string payload; };
  std::vector<Out> snapshot(int64_t keep_since) const;

  static std::string make_flags(FlagOp op, uint8_t flags, uint64_t keywords, const UidSet& uids);
  static std::string make_expunge(int64_t when, const UidSet& uids);
  static std::string make_reserve(uint32_t end, const std::string& boot);
  static std::string make_keywords(const std::vector<std::string>& names);

 private:
  bool apply_state(std::string_view p);
  bool apply_keywords(std::string_view p);
  bool apply_arrive(std::string_view p);
  bool apply_packed(std::string_view p);
  bool arrive(const Entry& e);
  bool apply_gone(std::string_view p);
  bool apply_gone_packed(std::string_view p);
  bool apply_flags(uint64_t mod_seq, std::string_view p);
  bool apply_expunge(uint64_t mod_seq, std::string_view p);
  bool apply_moved(std::string_view p);
  Entry* at_least(uint32_t uid);
  void count(const Entry& e, int sign);

  Records<Entry> entries_;
  GoneList gone_;
  std::vector<std::string> keywords_;
  uint32_t uid_validity_ = 0, uid_next_ = 1, recent_ = 1, reserved_end_ = 1, unseen_ = 0;
  std::string reserved_boot_;
  uint64_t mod_seq_ = 1, bytes_ = 0, touched_ = 0;
  mutable std::size_t seen_before_ = 0;  // entries before it are seen
  struct Change { uint64_t mod_seq; UidSet uids; };
  std::deque<Change> flag_changes_;      // those after changes_known_since_
  uint64_t changes_known_since_ = 0;
};

}  // namespace jd::store
