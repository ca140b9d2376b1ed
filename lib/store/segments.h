// SPDX-License-Identifier: MIT
// segments.h: the message records of one account: seg/*.seg and big/*.
//
// Appending needs the account's lock (lock.h); reading needs none, for records never change.  They may
// be moved by compaction (compact.h): who still has the old place is led to the new one.
// Blocking; one thread.  append() makes a record visible, commit() durable.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/log/segment.h"
#include "lib/mime/imap_form.h"
#include "lib/store/format.h"

namespace jd::store {

// A large message that several recipients get, stored once for all of them where they are on one file
// system; before it stands in each one's record what only he gets.
struct SharedBody {
  std::string_view bytes;
  uint32_t crc = 0;         // crc32c of the bytes
  mime::Parsed parsed;      // of the bytes
  std::string source;       // a file with these bytes, to be linked; "": none yet
  uint64_t stamp = 0;       // under which it was stored last
};

class MailSegments {
 public:
  explicit MailSegments(int account_dir) : dir_(account_dir) {}
  // `meta` is encode(Meta) of this message, whose kind says where it goes: kind_inline: into the
  // record; kind_large: into big/; kind_shared: `message` is what stands before `shared`.
  struct Placed { journal::Ref ref; uint32_t meta; };
  Result<Placed> append(uint64_t stamp, std::string_view meta, std::string_view message, Kind kind, const SharedBody* shared = nullptr);
  // What append() wrote since the last commit survives a power cut.
  Status commit();
  // After each that is committed alone: room for the like of it (SegmentWriter::make_room), when some such
  // came already.  cut_room(): no more of them for now.  Both under the lock.
  void make_room(const journal::Ref& last);
  bool has_room() const { return has_room_; }
  Status cut_room();
  // The segments that these refs are in survive a power cut, whoever wrote them.
  Status commit_segments(const std::set<uint32_t>& numbers);

  // A record that an entry names: appending need not read what lies before its end.
  void know(const journal::Ref& r) {
    if (r.segment > known_.segment || (r.segment == known_.segment && r.offset > known_.offset)) known_ = r;
  }

  // perm: the record is damaged or is another one's (e.stamp); perm with sys ENOTSUP: it was written
  // by a later release.  message() gives the meta of the same read when it is asked for.
  Result<Meta> meta(const Entry& e);
  void read_no_further() { ahead_ = {}; }  // gives back the room of meta(), which reads ahead for who takes one after the other
  Result<std::string> message(const Entry& e, std::optional<Meta>* meta = nullptr);
  Status check(const Entry& e);  // reads it all, checksums verified

  // All good message records, oldest first, of the segments that were last written at or after
  // `since`; visit returns false to stop.  Damage met is returned as text, one line per place.
  struct Found { journal::Ref ref; uint64_t stamp; Meta meta; uint32_t meta_bytes; };
  // `after`, when given: only what lies behind it, and it is moved to the end of what was looked at.
  struct Place { uint32_t segment = 0; uint64_t offset = 0; };
  Result<std::vector<std::string>> scan(Time since, const std::function<bool(const Found&)>& visit, Place* after = nullptr);

  // Those of the last segment that are promised (Meta), without what was parsed of them: of older segments
  // all folders' logs have them.  Read once, and on from there when it has grown; lives until the next call.
  Result<const std::vector<Found>*> promised();

  // For compaction.  Sealed ones are complete: nothing is appended to them.
  struct Info { uint32_t number; uint64_t bytes; bool is_last; };
  Result<std::vector<Info>> list();
  // The record once more, at the end, promised no more: a log has it; under the lock.
  Result<journal::Ref> append_again(const journal::OwnedRecord& record);
  Result<journal::OwnedRecord> record(const journal::Ref& r);
  Status begin_next();  // seals the last one; under the lock
  // The segment is given up: nobody's entries name it any more, durably.  Under the lock.
  Status retire(uint32_t number, const std::vector<Move>& moves);
  // Others give it up, or did so: our descriptors would keep its space.
  void let_go(uint32_t number) { readers_.erase(number); }
  void let_go_of_retired();
  // What was appended to the last one goes to the disk; nothing is promised.  Needs no lock.
  Status write_back();
  // Traces of segments given up so long ago that nobody can still need them.
  Status forget_retired(Time before);
  // Files of big/: all, and removing one.
  Result<std::vector<uint64_t>> large();
  Result<uint64_t> remove_large(uint64_t stamp);  // its bytes, 0 when others share it

 private:
  Status put_large(const std::string& name, std::string_view bytes, const std::string& source);
  struct At { journal::SegmentReader* reader; journal::Ref ref; };
  Result<At> at(journal::Ref r);
  Result<std::string_view> start_of(const At& a, std::size_t bytes);
  Result<const std::vector<Move>*> moves(uint32_t number);
  Status open_writer();
  Status sync_logs();
  uint64_t known_end(uint32_t number);
  Result<journal::SegmentReader*> reader(uint32_t number);
  Result<std::vector<uint32_t>> numbers();

  int dir_;
  std::optional<journal::SegmentWriter> writer_;
  journal::Ref known_;
  bool dirty_ = false, has_room_ = false;
  unsigned alone_ = 0;  // make_room() since cut_room()
  std::vector<std::string> unsynced_names_;  // files of big/, and "seg" for the directory itself
  std::map<uint32_t, std::unique_ptr<journal::SegmentReader>> readers_;
  struct { Place read; std::vector<Found> all; } promised_;
  std::map<uint32_t, std::vector<Move>> moves_;  // of segments that are no more
  struct { uint32_t segment = 0; uint64_t at = 0, last = 0; std::string bytes; } ahead_;  // what meta() read last
};

std::string large_name(uint64_t stamp);  // "big/…", below the account's directory

// The entry that a folder had for it when it arrived (flags may have changed since).
Entry entry_of(const MailSegments::Found& m);

}  // namespace jd::store
