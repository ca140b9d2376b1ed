// SPDX-License-Identifier: MIT
// jobs.h: what keeperd does for each account, again and again; one row each in account_jobs().
//
// A job may be killed at any point and is then begun anew: it must be harmless to do twice.  It asks
// may_go_on() at least each second or so of work and returns early, with success, when that is false:
// the account's turn comes again.  It holds the account's lock only for moments, for people wait.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/result.h"
#include "lib/store/account.h"
#include "lib/store/expire.h"

namespace jd {

struct JobContext {
  const Config& config;
  std::vector<store::ExpireRule> expire;
  std::string account;  // as the log names it: user@domain
  std::function<bool()> may_go_on;
};

struct AccountJob {
  const char* name;
  Status (*run)(store::Account& account, JobContext& context);
};

const std::vector<AccountJob>& account_jobs();

}  // namespace jd
