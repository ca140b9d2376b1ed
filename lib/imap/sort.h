// SPDX-License-Identifier: MIT
// sort.h: SORT's criteria (RFC 5256 §3, RFC 5957, RFC 6203) and the order that they give.
//
// n log n; the keys of all messages are in memory while it sorts: at most some hundred bytes for each.
#pragma once
#include <string>
#include <vector>

#include "lib/imap/lexer.h"
#include "lib/imap/search_return.h"

namespace jd::imap {

enum class SortBy : uint8_t { arrival, cc, date, from, size, subject, to, display_from, display_to };
struct SortOrder {
  struct Criterion {
    SortBy by;
    bool reverse;
  };
  std::vector<Criterion> criteria;
  bool by_relevancy = false;  // what FUZZY finds is equally relevant: it changes no order
};
constexpr std::size_t max_sort_criteria = 30;
// "(REVERSE DATE SUBJECT)".  false: `why`.
bool take_sort_order(Cursor& c, SortOrder& out, std::string& why);
// What cannot be read is taken out and counted as damaged.
void sort_found(Session& s, const SortOrder& order, Found& found);

}  // namespace jd::imap
