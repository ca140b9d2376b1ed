// SPDX-License-Identifier: MIT
#include "lib/store/lock.h"

#include <errno.h>
#include <sys/file.h>

#include "lib/base/file.h"

namespace jd::store {

Result<AccountLock> AccountLock::open(int dir) {
  TRY(Fd fd, file::open(dir, "lock", O_RDWR | O_CREAT));
  return AccountLock(std::move(fd));
}

Result<AccountLock::Hold> AccountLock::hold() {
  if (depth_ == 0)
    while (::flock(fd_.get(), LOCK_EX) < 0)
      if (errno != EINTR) return fail_errno(errno, "cannot lock the mailbox");
  depth_++;
  return Hold(*this);
}

AccountLock::Hold::~Hold() {
  if (lock_ && --lock_->depth_ == 0) ::flock(lock_->fd_.get(), LOCK_UN);
}

}  // namespace jd::store
