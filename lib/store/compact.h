// SPDX-License-Identifier: MIT
// compact.h: gives back the space of messages that were expunged longer ago than they can be undeleted.
//
// A sealed segment of which enough is dead is given up: what is alive in it is written once more at
// the end of the mailbox and made durable, then every folder's log says where it is now, durably,
// then the segment is removed.  A large file that nobody names is removed.  Others go on meanwhile:
// the account's lock is held for one batch of records, or for one folder's log record, at a time.
// Killed at any point nothing is lost: at worst some records are there twice, which the next run ends.
// Sessions that still have old places find the new ones (seg/<n>.moved, kept for a day).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/store/account.h"

namespace jd::store {

struct CompactOptions {
  unsigned dead_percent = 30;         // of a segment, from here on it is given up
  uint64_t least_dead = 1 << 20;      // bytes; nor less than this
  bool dry_run = false;               // count only
  // Called after each so many bytes were read and written, without any lock: wait there to be gentle.
  // false: stop after this segment.
  std::function<bool(uint64_t bytes)> pause;
};

struct CompactReport {
  uint64_t total = 0, dead = 0;       // bytes of all segments and large files, before
  uint64_t segments = 0, large = 0;   // given up, removed
  uint64_t freed = 0, copied = 0;     // bytes
  std::vector<std::string> findings;  // damage met: its segment was left alone
};

// Blocking; one at a time for an account (temp: another one is at work).
Result<CompactReport> compact(Account& account, const CompactOptions& options);

}  // namespace jd::store
