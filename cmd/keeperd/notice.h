// SPDX-License-Identifier: MIT
// notice.h: one message to the postmaster about the mailboxes that came to a level of their quota.
#pragma once
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/result.h"
#include "lib/store/quota_warning.h"

namespace jd {

struct Filling {
  std::string address;
  std::string path;  // of the mailbox
  store::QuotaState state;
};

// In wire form; English, Chinese or both as queue.report_language says.
std::string quota_notice(const Config& config, const std::vector<Filling>& all);

// Into the queue at `socket`; then it is noted in each mailbox that it was told.  A process that dies in
// between tells it twice.  temp: nobody takes it now.
Status tell_postmaster(const Config& config, const std::string& socket, const std::vector<Filling>& all);

}  // namespace jd
