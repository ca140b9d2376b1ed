// SPDX-License-Identifier: MIT
#include "cmd/keeperd/jobs.h"

#include <poll.h>

#include "lib/base/log.h"
#include "lib/store/compact.h"
#include "lib/store/deriver.h"

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

Status give_space_back(store::Account& a, JobContext& c) {
  constexpr uint64_t bytes_per_ms = 16'000;  // read and written, at the most
  store::CompactOptions o;
  o.pause = [&](uint64_t bytes) {
    ::poll(nullptr, 0, static_cast<int>(bytes / bytes_per_ms));
    return c.may_go_on();
  };
  auto r = store::compact(a, o);
  if (!r && r.error().fault == Fault::temp && r.error().sys == 0) return {};  // jdctl is at it
  if (!r) return Unexpected(r.error());
  for (auto& f : r->findings) log::warn("store_damage", {{"user", c.account}, {"what", f}, {"todo", "jdctl mailbox check"}});
  if (r->segments || r->large)
    log::info("compacted", {{"user", c.account}, {"segments", r->segments}, {"files", r->large}, {"freed", r->freed}, {"copied", r->copied}});
  return {};
}

// Of what came by IMAP, or lost its files: the first who lists or searches it finds them made.
Status make_derived(store::Account& a, JobContext& c) {
  TRY(auto folders, a.kept_folders());
  for (store::Folder* f : folders) {
    if (!c.may_go_on()) return {};
    TRY(uint64_t n, store::derive(a, *f, c.may_go_on));
    if (n) log::info("derived", {{"user", c.account}, {"folder", f->id()}, {"messages", n}});
  }
  return {};
}

// The sums that quotas are held against: right already but after a crash.  Where nobody has asked for them
// they are not begun: each delivery would keep them up to date for nobody.
Status count(store::Account& a, JobContext& c) {
  if (!store::last_usage(a.dir(), ".")) return {};
  TRY(auto hold, a.lock().hold());
  auto noted = a.lock().usage();
  TRY(auto counted, a.recount());
  if (noted && *noted != counted)
    log::warn("usage_corrected", {{"user", c.account}, {"noted", noted->bytes}, {"bytes", counted.bytes}, {"messages", counted.messages}});
  return {};
}
}  // namespace

const std::vector<AccountJob>& account_jobs() {
  static const std::vector<AccountJob> all = {
      {"expire", expire_old},
      {"deleted folders", drop_removed},
      {"compaction", give_space_back},
      {"usage", count},
      {"derived forms", make_derived},
  };
  return all;
}

}  // namespace jd
