// SPDX-License-Identifier: MIT
// pairs.h: lists of key=value, as the queue keeps them on disk and as its services talk.
//
//   pairs := pair*      pair := length ":" key "=" value ","        (netstrings; D. J. Bernstein 1997)
//
// Example: "8:from=a@b,10:rcpt=c@d.e,".  Keys are lower-case letters, digits and '-'; values are any
// bytes.  A key may occur again; order counts.  The views of a decoded list point into its bytes.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace jd::queue {

using Pair = std::pair<std::string_view, std::string_view>;
using Pairs = std::vector<Pair>;
using OwnPairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t max_pairs = 50'000;

void put_pair(std::string& out, std::string_view key, std::string_view value);
Result<Pairs> decode_pairs(std::string_view bytes);  // perm: not such a list
Pairs views(const OwnPairs& own);

// The first value of that key.
std::optional<std::string_view> find(const Pairs& pairs, std::string_view key);
std::string_view get(const Pairs& pairs, std::string_view key);  // "" when absent
uint64_t get_number(const Pairs& pairs, std::string_view key, uint64_t otherwise = 0);

}  // namespace jd::queue
