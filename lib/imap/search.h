// SPDX-License-Identifier: MIT
// search.h: SEARCH's keys (RFC 3501 §6.4.4, 5032, 5182, 6203, 7162, 8474, 8514, 9738) as a tree, and whether a
// message has them.
//
// Bounded: max_keys keys, max_key_depth levels.  Of keys that must all hold, the cheap ones are asked
// first; a message is read only when a key needs its header or text.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/imap/lexer.h"
#include "lib/imap/session.h"
#include "lib/store/search_index.h"

namespace jd::imap {

constexpr std::size_t max_keys = 1000, max_key_depth = 50;

struct SearchKey {
  enum class Kind : uint8_t {
    all, none, flag, no_flag, keyword, no_keyword, is_new, old, recent,        // state
    before, on, since, larger, smaller, sequence, uid, uid_after, uid_before, older, younger, mod_seq, email,  // entry
    saved_before, saved_on, saved_since,                                        // entry
    header, sent_before, sent_on, sent_since, thread, body, text,              // message
    both, either, negated, fuzzy,
  };
  Kind kind = Kind::all;
  uint8_t flag = 0;
  int8_t field = -1;        // header: a mime::DigestField that holds it; -1: only the message does
  uint64_t number = 0;      // size, day, UID, mod-sequence, or seconds
  int64_t moment = 0;       // older, younger: seconds
  std::string name, value;  // header field, keyword; folded or UTF-8 text, object id
  SequenceSet set;
  std::vector<SearchKey> keys;  // both: all of them; either: two; negated, fuzzy: one
  std::shared_ptr<const store::SearchFilter> filter;  // of a text: what cannot have it; null: not known
  int cost() const;
};

// Days, counted from long before 1970 so that none is negative.
inline uint64_t day_of(int64_t seconds) { return static_cast<uint64_t>(seconds + int64_t{200'000} * 86400) / 86400; }

// All keys to the end of the command.  false: `why` says what is wrong; is_charset: NO [BADCHARSET].
struct SearchMistake {
  std::string why;
  bool is_charset = false;
};
bool take_search(Cursor& c, SearchKey& out, SearchMistake& mistake);
// The same where the charset stands before the keys (SORT, THREAD).
bool take_search_in(std::string charset, Cursor& c, SearchKey& out, SearchMistake& mistake);

// Puts the view's last numbers in the place of `*`, what was saved in the place of `$`, and the time
// in that of intervals; sorts the sets.  Before the first has_key().
void settle(SearchKey& k, const View& v, const SequenceSet& saved);
// Asks the index about the texts; without it has_key() gives the same answers, later.
void use_index(SearchKey& k, store::SearchIndex& index);
bool uses(const SearchKey& k, SearchKey::Kind kind);
// The messages that a search looks at are those that its sets, UIDAFTER and UIDBEFORE let in, where they stand
// at the top; and of these the last `most` (RFC 9738 §3.1).  Of a settled key.
struct Reach {
  std::size_t begin = 0;  // index of the first of them, when some were left out
  uint64_t messages = 0;
  bool is_limited = false;
};
Reach reach_of(const SearchKey& k, const View& v, uint64_t most);
// Of the message at `index` of the view.
Result<bool> has_key(const SearchKey& k, const View& v, std::size_t index, const store::Entry& e, MessageCache& cache);

}  // namespace jd::imap
