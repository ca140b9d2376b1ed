// SPDX-License-Identifier: MIT
// domain_usage.h: what all accounts of a domain hold together, for its quota.
//
// The sum of what stands in the accounts' lock files (lock.h), so that no session has to be trusted
// with a sum that is not its own.  It is read anew when it is older than a minute: one small read
// for each account; what its owner adds meanwhile is counted at once.  So with one local-deliver
// deliveries are bounded exactly, and what sessions add or expunge counts a minute later.
// Blocking; one thread.
#pragma once
#include <map>
#include <string>

#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/store/lock.h"

namespace jd::store {

class DomainUsage {
 public:
  explicit DomainUsage(std::string mail_directory) : mail_(std::move(mail_directory)) {}
  // `path` is an account's, below mail/: "example.org/ann"; its domain's directory is what is above it.
  Usage of(const std::string& path);
  void add(const std::string& path, uint64_t bytes, uint64_t messages);
  // perm with sys EDQUOT and a text: the domain has no room for so much.
  Status admit(const std::string& path, const Quota& q, uint64_t bytes);
  // The same limits as one account's: what it may grow to when nobody else adds anything.
  Quota within(const std::string& path, Quota q);

 private:
  struct Sum { Usage usage; Time read; };
  std::string mail_;
  std::map<std::string, Sum> sums_;
};

}  // namespace jd::store
