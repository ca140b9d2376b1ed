// SPDX-License-Identifier: MIT
// search_return.h: what SEARCH and SORT give back: RETURN (...) and the ESEARCH answer.
//
// RFC 4731 (MIN MAX ALL COUNT), 5182 (SAVE), 5267 (the same of SORT; CONTEXT, UPDATE), 6203 (RELEVANCY),
// 9394 (PARTIAL).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/imap/fetch_items.h"
#include "lib/imap/lexer.h"
#include "lib/imap/search.h"

namespace jd::imap {

// "1:500", or from the end "-1:-100"; first and last counted from 1, first <= last.
struct PartialRange {
  uint32_t first = 1, last = 1;
  bool from_end = false;
  std::string text;  // as the client wrote it
  // The slice of n results: half open.
  std::pair<std::size_t, std::size_t> of(std::size_t n) const;
};
bool take_partial_range(Cursor& c, PartialRange& out);

struct SearchReturn {
  bool extended = false;  // RETURN was said
  bool min = false, max = false, all = false, count = false, save = false, relevancy = false;
  bool update = false;                  // context.h; CONTEXT itself is a hint that we do not need
  std::vector<FetchItem> update_items;  // RFC 5465 §7
  std::optional<PartialRange> partial;
  bool says_anything() const { return min || max || all || count || relevancy || partial; }
  // The first match is all that is asked for.
  bool needs_only_first() const { return extended && min && !max && !all && !count && !partial && !relevancy && !update; }
};
// `RETURN (...) ` when it is there, the blank behind it too.  false: `why`.
bool take_return(Cursor& c, SearchReturn& out, std::string& why);

// What was found: indexes of the view, in the order in which they are told.
struct Found {
  std::vector<uint32_t> at;
  std::size_t damaged = 0;  // messages that could not be read
  uint32_t lowest = 0;      // RFC 9738: below this UID no more were looked at; 0: no such limit was met
};
// Looks at the messages of the view, which is of this account, all or as many as may be; `first_only`: one is enough.  The
// session's cache must be of the view's folder.
Found run_search(Session& s, store::Account& account, const View& v, SearchKey& key, bool first_only = false);

// RFC 9738: of a search whose answer would make no sense of a part.  true: NO [MESSAGELIMIT n] was said.
bool is_over_limit(Session& s, const SearchReturn& r, const SearchKey& key);

// What an ESEARCH answer is about (RFC 4466, RFC 7377 §2.1).
struct Correlator {
  std::string_view tag;
  std::optional<std::string_view> mailbox;  // with uid_validity
  uint32_t uid_validity = 0;
  bool by_uid = false;
};
// `* ESEARCH (TAG "a"`, the mailbox if it is told, `)` and perhaps ` UID`.
std::string esearch_head(const Session& s, const Correlator& c);
// The whole line.  key: whether the search used MODSEQ.
void put_esearch(Session& s, const View& v, const Correlator& c, const SearchReturn& r, const SearchKey& key, const Found& found);
// `$` from now on; found: in the selected mailbox.
void save_found(Session& s, const SearchReturn& r, const Found& found);
// Ends the command: the untagged answer, `$`, the context, OK or NO.  The answer without RETURN is
// `* SEARCH ...` with the command's name.  order: of SORT.
struct SortOrder;
void answer_search(Session& s, const SearchReturn& r, const SearchKey& key, const Found& found, const SortOrder* order = nullptr);
// UPDATE: from now on the client is told what changes, or NO [NOUPDATE].  found: in the selected mailbox.
void begin_context(Session& s, const SearchReturn& r, const SearchKey& key, const Found& found, const SortOrder* order, bool tells_mailbox);
void refuse_context(Session& s, std::string_view why);
// Ends it when it cannot be read.
void refuse_search(Session& s, const SearchReturn& r, const SearchMistake& mistake);

// "2,4:6": runs of rising numbers as ranges, in the order given.
std::string set_text(const std::vector<uint32_t>& numbers);

}  // namespace jd::imap
