// SPDX-License-Identifier: MIT
// mta_sts.h: what a domain says about TLS to its mail hosts over HTTPS (MTA-STS, RFC 8461).
//
//   _mta-sts.<domain> TXT "v=STSv1; id=20260101;"      the policy is there, and has this id now
//   https://mta-sts.<domain>/.well-known/mta-sts.txt   version: STSv1 / mode: enforce / mx: *.example.org / max_age: 604800
// Pure; any bytes; linear.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::smtp {

constexpr std::size_t max_sts_policy = 64 << 10;  // bytes, RFC 8461 §3.3
constexpr std::size_t max_sts_hosts = 200;

// The id of the one record that is for MTA-STS; nothing: none, several (§3.1), or one that is malformed.
std::optional<std::string> sts_id(const std::vector<std::string>& txt);

struct StsPolicy {
  enum class Mode : uint8_t { none, testing, enforce };
  Mode mode = Mode::none;
  Span max_age;                 // at most a year
  std::vector<std::string> mx;  // lower case, A-labels, "*." in front of some
  bool allows(std::string_view host) const;  // §4.1
  std::string text() const;     // to be parsed again
  std::vector<std::string> lines() const;    // of a report (RFC 8460 §4.4)
};

// perm: what is wrong with it.  What is unknown is skipped; of a key that is there twice, but for mx, the
// first counts (§3.2).
Result<StsPolicy> parse_sts_policy(std::string_view text);
std::string_view name_of(StsPolicy::Mode mode);

}  // namespace jd::smtp
