// SPDX-License-Identifier: MIT
// login_delay.h: who has logged in by POP3 so lately that he may not again (RFC 2449 §6.5, access.pop3_login_delay).
//
// Holds one entry for each account that logged in within the delay.  A reload forgets them all.
#pragma once
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>

#include "lib/base/time.h"

namespace jd {

class LoginDelay {
 public:
  explicit LoginDelay(Span delay) : delay_(delay) {}
  bool is_too_soon(const std::string& address) {
    for (; !order_.empty() && order_.front().first + delay_ <= monotonic(); order_.pop_front()) recent_.erase(order_.front().second);
    return recent_.contains(address);
  }
  void logged_in(const std::string& address) {
    if (delay_.ns > 0 && recent_.insert(address).second) order_.emplace_back(monotonic(), address);
  }

 private:
  Span delay_;
  std::unordered_set<std::string> recent_;
  std::deque<std::pair<Time, std::string>> order_;  // the longest ago first
};

}  // namespace jd
