// SPDX-License-Identifier: MIT
// throttle.h: failed logins make the next ones wait: per address, per network and per account name.
//
// Accounts that do not exist are counted like those that do.  A wait is a delay of the answer, which
// the caller observes before it even looks at the password; beyond `refuse_at` it says "try later".
// Successes clear the account's count from that address only, so that one owner's mail client does
// not free a guesser.  Memory is bounded: the oldest are forgotten.  Not thread safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/time.h"

namespace jd::auth {

class Throttle {
 public:
  struct Decision {
    Span wait;         // 0: at once
    bool is_refused;   // too many: do not even check the password
  };
  Decision before(std::string_view account, std::string_view ip);
  void failed(std::string_view account, std::string_view ip);
  void succeeded(std::string_view account, std::string_view ip);
  std::size_t size() const { return counts_.size(); }

 private:
  struct Count { double failures = 0; Time at; };
  double now_at(const std::string& key);
  void add(const std::string& key);
  std::unordered_map<std::string, Count> counts_;
  Time next_sweep_;
};

// "192.0.2.7" -> itself; an IPv6 address -> its /64, which is what one customer has.
std::string network_of(std::string_view ip);

}  // namespace jd::auth
