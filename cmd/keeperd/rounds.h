// SPDX-License-Identifier: MIT
// rounds.h: whose turn it is: the accounts below mail/, each once in a while, one after another.
//
// When an account was looked after stands in the time of its file `kept`, so that a start, wherever
// the last end came, goes on with those that were not.  A look at all of them costs one stat each.
// Blocking; one thread.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cmd/keeperd/jobs.h"
#include "cmd/keeperd/notice.h"
#include "lib/base/config.h"
#include "lib/base/result.h"

namespace jd {

class Rounds {
 public:
  Rounds(const Config& config, std::string mail_directory, std::vector<store::ExpireRule> expire, std::function<bool()> may_go_on)
      : config_(config), mail_(std::move(mail_directory)), expire_(std::move(expire)), may_go_on_(std::move(may_go_on)) {}

  // Finds those whose turn has come.
  Status look();
  // One account; false: none is left.  What fails is logged, and the account comes again after the next look().
  bool step();
  // What look() found of mailboxes that are filling and that the postmaster does not know of.
  std::vector<Filling> take_filling() { return std::exchange(filling_, {}); }

 private:
  void look_below(const std::string& below, int depth);
  void keep(const std::string& path);

  const Config& config_;
  std::string mail_;
  std::vector<store::ExpireRule> expire_;
  std::function<bool()> may_go_on_;
  std::deque<std::string> due_;  // directories below mail/
  std::vector<Filling> filling_;
};

}  // namespace jd
