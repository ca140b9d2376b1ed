// SPDX-License-Identifier: MIT
// access.h: whose mailboxes somebody may come to beside his own, as directoryd tells sessiond.
//
// The directory keeps an index of who shares something with whom, so that no login has to look at every
// account.  It opens doors; what may be done behind them the owner's own list says (store/rights.h).
//   text := ("i" identity LF)* ("s" owner TAB path TAB ("r" | "w") TAB quota LF)* ["t" told LF]
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/quota.h"

namespace jd::directory {

// With whom an account shares something, and what each may do there at the most: letters of rights.
using Grantees = std::map<std::string, std::string>;
constexpr std::size_t max_grantees = 250, max_shared = 200;

std::string to_text(const Grantees& g);        // "anyone=lr bob@example.org=lrs"
Grantees grantees_of(std::string_view text);   // what makes no sense is left out

struct Access {
  struct Shared {
    std::string owner, path;  // path: relative to mail/
    bool may_write = false;
    Quota quota;
  };
  std::vector<std::string> identities;  // "bob@example.org", "anyone", "@example.org", "group:..."
  std::vector<Shared> shared;
  std::string told;                     // to_text() of what he himself shares, as the index has it

  std::string text() const;
  static Access parse(std::string_view text);  // what makes no sense is left out
};

}  // namespace jd::directory
