// SPDX-License-Identifier: MIT
// retry_rules.h: how long to try a destination: etc/retry, one line for each that is to differ.
//
//   example.com    1m,5m,30m,2h  2d        # waits between attempts (the last repeats), then when to give up
//   .example.net   10m           1d  2h    # any domain below example.net; the third: when to tell the sender
// What a line does not say is as queue.retry, queue.give_up_after and queue.warn_after of jdmail.toml say.
// Pure but for load(); a look-up costs one hash look-up per label of the domain.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/result.h"
#include "lib/queue/schedule.h"

namespace jd::queue {

class RetryRules {
 public:
  RetryRules(RetryPolicy usual = {}) : usual_(std::move(usual)) {}
  // usage: file, line, and what is wrong.
  static Result<RetryRules> parse(RetryPolicy usual, std::string_view text, const std::string& file);
  static Result<RetryRules> load(RetryPolicy usual, const std::string& path);  // absent: the usual for all
  const RetryPolicy& of(std::string_view domain) const;  // in any case; "": local
  const RetryPolicy& usual() const { return usual_; }

 private:
  RetryPolicy usual_;
  std::unordered_map<std::string, RetryPolicy> rules_;
};

}  // namespace jd::queue
