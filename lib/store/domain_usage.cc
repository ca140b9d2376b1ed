// SPDX-License-Identifier: MIT
#include "lib/store/domain_usage.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd::store {
namespace {
constexpr Span fresh = minutes(1);
constexpr std::size_t max_domains = 10'000;

std::string domain_of(const std::string& path) {
  auto slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}
}  // namespace

Usage DomainUsage::of(const std::string& path) {
  std::string domain = domain_of(path);
  if (domain.empty()) return {};
  if (sums_.size() >= max_domains) sums_.clear();
  auto [i, is_new] = sums_.try_emplace(domain);
  if (!is_new && monotonic() - i->second.read < fresh) return i->second.usage;
  i->second = {{}, monotonic()};
  auto dir = file::open(mail_ + "/" + domain, O_RDONLY | O_DIRECTORY);
  auto names = dir ? file::list(dir->get(), ".") : Result<std::vector<std::string>>(Unexpected(dir.error()));
  if (!names) {
    if (names.error().sys != ENOENT) log::failure("domain_usage_unknown", names.error(), {{"domain", domain}});
    return {};
  }
  for (auto& n : *names)
    if (auto u = last_usage(dir->get(), n)) i->second.usage.bytes += u->bytes, i->second.usage.messages += u->messages;
  return i->second.usage;
}

void DomainUsage::add(const std::string& path, uint64_t bytes, uint64_t messages) {
  auto i = sums_.find(domain_of(path));
  if (i == sums_.end()) return;
  i->second.usage.bytes += bytes;
  i->second.usage.messages += messages;
}

Status DomainUsage::admit(const std::string& path, const Quota& q, uint64_t bytes) {
  if (!q.limits_domain()) return {};
  Usage u = of(path);
  std::string why;
  if (q.domain_bytes && u.bytes + bytes > q.domain_bytes)
    why = fmt::format("the mailboxes of this domain are full: {} of {} used", size_text(u.bytes), size_text(q.domain_bytes));
  else if (q.domain_messages && u.messages + 1 > q.domain_messages)
    why = fmt::format("the mailboxes of this domain are full: they have {} of {} messages", u.messages, q.domain_messages);
  if (why.empty()) return {};
  return Unexpected(Error(Fault::perm, why, EDQUOT));
}

Quota DomainUsage::within(const std::string& path, Quota q) {
  if (!q.limits_domain()) return q;
  Usage all = of(path), own;
  if (auto dir = file::open(mail_ + "/" + domain_of(path), O_RDONLY | O_DIRECTORY))
    own = last_usage(dir->get(), path.substr(path.rfind('/') + 1)).value_or(Usage{});
  // 0 would be no limit.
  auto room = [](uint64_t limit, uint64_t sum, uint64_t mine) { return limit ? std::max<uint64_t>(1, mine + (limit > sum ? limit - sum : 0)) : 0; };
  q.domain_bytes = room(q.domain_bytes, all.bytes, own.bytes);
  q.domain_messages = room(q.domain_messages, all.messages, own.messages);
  return q;
}

}  // namespace jd::store
