// SPDX-License-Identifier: MIT
// srs.h: the Sender Rewriting Scheme: forwarded mail gets a reverse path of ours, so that SPF of the
// next host finds us, and what it returns comes back here and is sent on to who wrote it.
//
//   SRS0=HHHHHHHH=TT=example.net=bob@ours.example      for bob@example.net
//   SRS1=HHHHHHHH=first.example==...@ours.example      for SRS0=...@first.example: only two hosts ever
// HHHHHHHH: 40 bits of an HMAC of what follows, in base 32: nobody else can make one, and hosts that
// change the case of letters do no harm.  TT: the day, so that it ends after valid_days.
// Pure; keys and the day (days since 1970) are given.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd::directory {

constexpr int64_t srs_valid_days = 21;
constexpr int64_t srs_key_days = 30;  // a key signs for so long and is then good for one more such time

// `keys`: the present one first.  `from` itself when it cannot be rewritten: empty, quoted, no domain.
std::string srs_forward(const std::vector<std::string>& keys, std::string_view from, std::string_view by_domain, int64_t day);
bool is_srs(std::string_view local_part);
// Where mail for such a local part of ours goes; nullopt: not signed by one of the keys, or too old.
std::optional<std::string> srs_reverse(const std::vector<std::string>& keys, std::string_view local_part, int64_t day);

}  // namespace jd::directory
