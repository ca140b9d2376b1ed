// SPDX-License-Identifier: MIT
// lock.h: the account's lock: held for microseconds while anything below the account is appended to.
//
// In the file that is locked stands what the account holds, so that a quota costs one small read
// however many folders there are.  It is derived: whoever changes a folder marks it doubtful, makes
// the change visible, and writes the new sums; so a process that dies in between leaves it doubtful,
// and another start of the machine makes it so.  What is doubtful is counted anew by the next who asks
// (Account::usage).  Never synced.
//
//   "JDUSAGE1" boot[16] bytes:u64 messages:u64 doubtful:u32 crc32c:u32
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::store {

struct Usage {
  uint64_t bytes = 0, messages = 0;
  bool operator==(const Usage&) const = default;
};

class AccountLock {
 public:
  static Result<AccountLock> open(int account_dir);
  // Of somebody who only reads: hold() fails (perm), so nothing is ever written.
  static AccountLock read_only(int account_dir);
  bool is_read_only() const { return read_only_; }

  // Nested holds of one process are fine.  Blocking.
  class Hold {
   public:
    explicit Hold(AccountLock& l) : lock_(&l) {}
    Hold(Hold&& o) noexcept : lock_(std::exchange(o.lock_, nullptr)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold();

   private:
    AccountLock* lock_;
  };
  Result<Hold> hold();

  // All of these under a hold, usage() may be without one.  nullopt: doubtful.
  std::optional<Usage> usage() const;
  void set_usage(const Usage& u);
  void forget_usage();
  // Around a change of a folder: what begin_change() gave, with the change added, goes to set_usage().
  std::optional<Usage> begin_change();

 private:
  explicit AccountLock(Fd fd, bool read_only = false) : fd_(std::move(fd)), read_only_(read_only) {}
  void write_usage(const Usage& u, bool doubtful);
  Fd fd_;
  bool read_only_;
  int depth_ = 0;
};

// What an account's lock file said last, doubtful or not; `name` is its directory, in `dir`.
std::optional<Usage> last_usage(int dir, const std::string& name);

}  // namespace jd::store
