// SPDX-License-Identifier: MIT
#include "cmd/keeperd/jobs.h"

#include "lib/base/log.h"

namespace jd {
namespace {

Status expire_old(store::Account& a, JobContext& c) {
  if (c.expire.empty()) return {};
  TRY(auto done, store::expire(a, c.expire, false, c.may_go_on));
  for (auto& e : done) log::info("expired", {{"user", c.account}, {"folder", e.folder}, {"messages", e.messages}, {"bytes", e.bytes}});
  return {};
}

Status drop_removed(store::Account& a, JobContext& c) {
  TRY(uint32_t n, a.drop_removed());
  if (n) log::info("deleted_folders_dropped", {{"user", c.account}, {"folders", n}});
  return {};
}
}  // namespace

const std::vector<AccountJob>& account_jobs() {
  static const std::vector<AccountJob> all = {
      {"expire", expire_old},
      {"deleted folders", drop_removed},
  };
  return all;
}

}  // namespace jd
