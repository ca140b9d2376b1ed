// SPDX-License-Identifier: MIT
// search.h: SEARCH's keys (RFC 3501 §6.4.4) as a tree, and whether a message has them.
//
// Bounded: max_keys keys, max_key_depth levels.  Of keys that must all hold, the cheap ones are asked
// first; a message is read only when a key needs its header or text.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/imap/lexer.h"
#include "lib/imap/session.h"

namespace jd::imap {

constexpr std::size_t max_keys = 1000, max_key_depth = 50;

struct SearchKey {
  enum class Kind : uint8_t {
    all, none, flag, no_flag, keyword, no_keyword, is_new, old, recent,        // state
    before, on, since, larger, smaller, sequence, uid,                         // entry
    header, sent_before, sent_on, sent_since, body, text,                      // message
    both, either, negated,
  };
  Kind kind = Kind::all;
  uint8_t flag = 0;
  uint64_t number = 0;      // size, or a day
  std::string name, value;  // header field, keyword; folded or UTF-8 text
  SequenceSet set;
  std::vector<SearchKey> keys;  // both: all of them; either: two; negated: one
  int cost() const;
};

// All keys to the end of the command.  false: `why` says what is wrong; is_charset: NO [BADCHARSET].
struct SearchMistake {
  std::string why;
  bool is_charset = false;
};
bool take_search(Cursor& c, SearchKey& out, SearchMistake& mistake);

// Puts the view's last numbers in the place of `*` and sorts the sets; before the first has_key().
void settle(SearchKey& k, const View& v);
// Of the message at `index` of the view.
Result<bool> has_key(const SearchKey& k, const View& v, std::size_t index, const store::Entry& e, MessageCache& cache);

}  // namespace jd::imap
