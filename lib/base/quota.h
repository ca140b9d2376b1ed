// SPDX-License-Identifier: MIT
// quota.h: what an account, and all accounts of its domain together, may hold.
//
// One text carries it between the programs: "bytes", or "bytes messages domain-bytes domain-messages".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace jd {

struct Quota {
  uint64_t bytes = 0, messages = 0;                // 0: no limit, here and below
  uint64_t domain_bytes = 0, domain_messages = 0;
  bool operator==(const Quota&) const = default;
  bool limits_account() const { return bytes || messages; }
  bool limits_domain() const { return domain_bytes || domain_messages; }
  bool is_there() const { return limits_account() || limits_domain(); }
  std::string text() const;
  static Quota parse(std::string_view text);  // what makes no sense is no limit
};

}  // namespace jd
