// SPDX-License-Identifier: MIT
// lock.h: the account's lock: held for microseconds while anything below the account is appended to.
#pragma once
#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::store {

class AccountLock {
 public:
  static Result<AccountLock> open(int account_dir);

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

 private:
  explicit AccountLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
  int depth_ = 0;
};

}  // namespace jd::store
