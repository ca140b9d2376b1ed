// SPDX-License-Identifier: MIT
// quota_warning.h: tells a user that his mailbox fills, once each time he comes to a level of it.
//
// Levels are percents of the account's quota, of bytes or of messages, whichever is nearer its end.
// What was told stands in the account's file `quota`, which is there while it is above one:
//   "JDQUOTA1" level told bytes bytes-limit messages messages-limit LF      (blanks between)
// level: the user was told about; told: the postmaster was (keeperd).  He is told again when he was
// below a level in the meantime.  The warning itself is bounded by no quota.  Blocking.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/store/account.h"

namespace jd::store {

struct QuotaState {
  uint64_t level = 0, told = 0;
  Usage usage;    // when the level was come to
  Quota quota;
};
std::optional<QuotaState> read_quota_state(int account_dir);  // nullopt: none, or it makes no sense
Status write_quota_state(int account_dir, const QuotaState& s);  // durable; level 0: the file goes

// The highest of the levels that so much is at, or 0.
uint64_t quota_level(const Usage& u, const Quota& q, const std::vector<uint64_t>& levels);

struct Filled {
  std::string address;       // of the account
  Quota quota;
  uint64_t bytes = 0, messages = 0;  // were just added
  std::string_view message;  // one of them, which may show the user's language; or ""
};
// The level that the user is told about now, or 0.  Durable on return.
Result<uint64_t> warn_if_full(Account& account, const Config& config, const Filled& f);

}  // namespace jd::store
