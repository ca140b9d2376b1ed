// SPDX-License-Identifier: MIT
// context.h: searches whose results the client is kept up to date about (RFC 5267 §4.3, UPDATE).
//
// A context remembers the UIDs that it has told; each change of the folder is held against its keys
// once.  What is told, and when, around the lines of View::tell():
//   tell_gone()     REMOVEFROM of expunged ones, before EXPUNGE: their numbers are still good
//   changes()       ADDTO and REMOVEFROM of arrivals and of flags, behind EXISTS and FETCH
// Contexts end with the mailbox.  Memory: 4 bytes for each result.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/imap/fetch_items.h"
#include "lib/imap/search.h"
#include "lib/imap/sort.h"

namespace jd::imap {

constexpr std::size_t max_contexts = 10, max_context_results = 1'000'000;  // of all of them

struct Context {
  std::string tag;
  bool by_uid = false;
  bool tells_mailbox = false;        // of ESEARCH
  SearchKey key;                     // settled
  std::optional<SortOrder> order;    // of SORT
  std::vector<FetchItem> items;      // of arrivals that match (RFC 5465 §7)
  std::vector<uint32_t> uids;        // what was told, in its order
  uint64_t seen = 0;                 // mod_seq up to which the folder was looked at
  uint32_t last_uid = 0;
};

class Contexts {
 public:
  bool has(std::string_view tag) const;
  bool empty() const { return all_.empty(); }
  void clear() { all_.clear(); }
  // false: there are too many (NO [NOUPDATE]).
  bool add(Context c);
  bool cancel(std::string_view tag);  // false: there is none
  void tell_gone(Session& s);
  struct News {
    std::string lines;
    std::vector<std::pair<uint32_t, const Context*>> arrived;  // UIDs that matched and have items
  };
  News changes(Session& s);

 private:
  std::vector<Context> all_;
};

}  // namespace jd::imap
