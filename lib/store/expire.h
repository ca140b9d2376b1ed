// SPDX-License-Identifier: MIT
// expire.h: expunge what has been in a folder for too long (by SAVEDATE, RFC 8514).
//
// The time counts from when a message came into the folder, not from its date: mail that is moved to
// Trash today stays its whole time.  A message of which that is not known stays.  What goes can be
// undeleted as anything that is expunged.  Blocking; others may use the account meanwhile.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/result.h"
#include "lib/store/account.h"

namespace jd::store {

// Of the folder with this special use, or this name, and of those below it.
struct ExpireRule {
  Special special = Special::none;
  std::string folder;  // when special is none
  Span age;
};

// What [store] trash_days, junk_days and expire say.  usage: an entry of expire makes no sense.
Result<std::vector<ExpireRule>> expire_rules(const Config& config);

struct Expired { std::string folder; uint64_t messages = 0, bytes = 0; };
// Of several rules for a folder the shortest counts.  may_go_on: asked before each folder; false ends
// it early.  Only folders that lost something are told.
Result<std::vector<Expired>> expire(Account& account, const std::vector<ExpireRule>& rules, bool dry_run,
                                    const std::function<bool()>& may_go_on = [] { return true; });

}  // namespace jd::store
