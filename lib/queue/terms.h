// SPDX-License-Identifier: MIT
// terms.h: what the operator said about deliveries to single destinations; kept in queue/destinations.
//
//   file := "jdmail-destinations 1" LF line*        line := name (SP key "=" number)* LF
// A blank in a name ("example.net via office") is %20.  Keys: frozen (1), max (deliveries at once), rate (per minute).  The name * stands for all that have no
// max of their own.  Unknown keys are kept.  Written whole and durably at each change; a few hundred
// lines at most.  Errors: perm (not such a file: another version), temp (I/O).
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace jd::queue {

struct Terms {
  bool frozen = false;      // no deliveries until it is thawed
  unsigned max = 0;         // deliveries at once; 0: as for all
  unsigned per_minute = 0;  // deliveries begun; 0: as many as there are
  std::string other;        // keys of a later version, as they were
  bool is_plain() const { return !frozen && !max && !per_minute && other.empty(); }
};
using AllTerms = std::map<std::string, Terms>;

constexpr std::size_t max_terms = 10'000;

std::string encode_terms(const AllTerms& all);
Result<AllTerms> decode_terms(std::string_view text);
Result<AllTerms> load_terms(int queue_dir);  // none when there is no file
Status save_terms(int queue_dir, const AllTerms& all);

}  // namespace jd::queue
