// SPDX-License-Identifier: MIT
// quota.h: jdctl quota: what accounts and domains may hold, and what they do hold.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cmd/jdctl/ctl.h"
#include "lib/base/args.h"

namespace jd::ctl {

class QuotaCommands {
 public:
  QuotaCommands(Args& root, Options& o);
  // nullopt: none of these was chosen.
  std::optional<int> run(const Options& o);

 private:
  int show(const Options& o);
  int set(const Options& o);
  int recount(const Options& o);

  Args *show_, *set_, *recount_;
  std::string whose_, size_, messages_;
};

}  // namespace jd::ctl
