// SPDX-License-Identifier: MIT
// segments.h: the message records of one account: seg/*.seg and big/*.
//
// Appending needs the account's lock (lock.h); reading needs none, for records never change.
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
#include "lib/store/format.h"

namespace jd::store {

class MailSegments {
 public:
  explicit MailSegments(int account_dir) : dir_(account_dir) {}
  // `meta` is encode(Meta) of this message.  A message of big_bytes or more is put into big/.
  struct Placed { journal::Ref ref; uint32_t meta; };
  Result<Placed> append(uint64_t stamp, std::string_view meta, std::string_view message, bool is_big);
  // What append() wrote since the last commit survives a power cut.
  Status commit();
  // The segments that these refs are in survive a power cut, whoever wrote them.
  Status commit_segments(const std::set<uint32_t>& numbers);

  // A record that an entry names: appending need not read what lies before its end.
  void know(const journal::Ref& r) {
    if (r.segment > known_.segment || (r.segment == known_.segment && r.offset > known_.offset)) known_ = r;
  }

  // perm: the record is damaged or is another one's (e.stamp).
  Result<Meta> meta(const Entry& e);
  Result<std::string> message(const Entry& e);
  Status check(const Entry& e);  // reads it all, checksums verified

  // All good message records, oldest first, of the segments that were last written at or after
  // `since`; visit returns false to stop.  Damage met is returned as text, one line per place.
  struct Found { journal::Ref ref; uint64_t stamp; Meta meta; uint32_t meta_bytes; };
  // `after`, when given: only what lies behind it, and it is moved to the end of what was looked at.
  struct Place { uint32_t segment = 0; uint64_t offset = 0; };
  Result<std::vector<std::string>> scan(Time since, const std::function<bool(const Found&)>& visit, Place* after = nullptr);

 private:
  Status open_writer();
  uint64_t known_end(uint32_t number);
  Result<journal::SegmentReader*> reader(uint32_t number);
  Result<std::vector<uint32_t>> numbers();

  int dir_;
  std::optional<journal::SegmentWriter> writer_;
  journal::Ref known_;
  bool dirty_ = false;
  std::vector<std::string> unsynced_names_;  // files of big/, and "seg" for the directory itself
  std::map<uint32_t, std::unique_ptr<journal::SegmentReader>> readers_;
};

// The entry that a folder had for it when it arrived (flags may have changed since).
Entry entry_of(const MailSegments::Found& m);

}  // namespace jd::store
