// SPDX-License-Identifier: MIT
#include "lib/imap/sort.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mime/digest.h"

namespace jd::imap {
namespace {

using mime::DigestField;

struct Row {
  std::string_view name;
  SortBy by;
  DigestField field = DigestField::subject;
  bool is_text = false;
};
constexpr Row rows[] = {
    {"ARRIVAL", SortBy::arrival},
    {"CC", SortBy::cc, DigestField::cc_key, true},
    {"DATE", SortBy::date},
    {"FROM", SortBy::from, DigestField::from_key, true},
    {"SIZE", SortBy::size},
    {"SUBJECT", SortBy::subject, DigestField::base_subject, true},
    {"TO", SortBy::to, DigestField::to_key, true},
    {"DISPLAYFROM", SortBy::display_from, DigestField::from_name, true},
    {"DISPLAYTO", SortBy::display_to, DigestField::to_name, true},
};
const Row& row_of(SortBy by) { return rows[static_cast<std::size_t>(by)]; }

// One key of one message: a number, or the text's first eight bytes as one with the rest beside it.
struct Cell {
  uint64_t number = 0;
  uint32_t at = 0, size = 0;  // in the heap of texts
};

uint64_t leading(std::string_view text) {
  uint64_t n = 0;
  for (std::size_t i = 0; i < 8; ++i) n = n << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return n;
}

class Sorter {
 public:
  Sorter(Session& s, const SortOrder& order) : s_(s), order_(order) {
    for (auto& c : order.criteria) needs_digest_ |= row_of(c.by).is_text || c.by == SortBy::date;
  }

  Status add(uint32_t index) {
    const store::Entry* e = s_.view()->entry(index);
    mime::DigestView d;
    if (needs_digest_) {
      TRY(d, s_.cache().digest(*e));
    }
    for (auto& c : order_.criteria) cells_.push_back(cell(c.by, *e, d));
    at_.push_back(index);
    return {};
  }

  std::vector<uint32_t> sorted() {
    std::vector<uint32_t> by(at_.size());
    for (uint32_t i = 0; i < by.size(); ++i) by[i] = i;
    std::sort(by.begin(), by.end(), [&](uint32_t a, uint32_t b) { return is_before(a, b); });
    for (auto& i : by) i = at_[i];
    return by;
  }

 private:
  Cell cell(SortBy by, const store::Entry& e, const mime::DigestView& d) {
    // Seconds may be before 1970: moved so that their order stays.
    auto moved = [](int64_t seconds) { return static_cast<uint64_t>(seconds) ^ (uint64_t{1} << 63); };
    if (by == SortBy::arrival) return {moved(e.date)};
    if (by == SortBy::size) return {e.size};
    if (by == SortBy::date) return {moved(d.has_date() ? d.sent_utc() : e.date)};  // RFC 5256 §2.2
    std::string_view text = d.get(row_of(by).field);
    Cell c{leading(text), static_cast<uint32_t>(texts_.size()), static_cast<uint32_t>(text.size())};
    if (text.size() > 8) texts_ += text;
    return c;
  }

  std::string_view text(const Cell& c) const { return c.size > 8 ? std::string_view(texts_).substr(c.at, c.size) : std::string_view(); }

  bool is_before(uint32_t a, uint32_t b) const {
    std::size_t n = order_.criteria.size();
    for (std::size_t i = 0; i < n; ++i) {
      const Cell &x = cells_[a * n + i], &y = cells_[b * n + i];
      int order = x.number < y.number ? -1 : x.number > y.number ? 1 : 0;
      if (!order && (x.size > 8 || y.size > 8)) order = text(x).compare(text(y));
      if (!order && x.size != y.size) order = x.size < y.size ? -1 : 1;
      if (order) return (order < 0) != order_.criteria[i].reverse;
    }
    return a < b;  // RFC 5256 §3: what is equal stays in the order of its numbers
  }

  Session& s_;
  const SortOrder& order_;
  bool needs_digest_ = false;
  std::vector<uint32_t> at_;
  std::vector<Cell> cells_;
  std::string texts_;
};

}  // namespace

bool take_sort_order(Cursor& c, SortOrder& out, std::string& why) {
  why = "SORT takes a list like (REVERSE DATE SUBJECT)";
  if (!c.is('(')) return false;
  std::string word;
  do {
    bool reverse = false;
    if (!c.atom(word)) return false;
    if (upper(word) == "REVERSE") {
      reverse = true;
      if (!c.space() || !c.atom(word)) return false;
    }
    word = upper(word);
    if (word == "RELEVANCY") {
      out.by_relevancy = true;
      continue;
    }
    auto row = std::find_if(std::begin(rows), std::end(rows), [&](auto& r) { return r.name == word; });
    if (row == std::end(rows) || out.criteria.size() >= max_sort_criteria)
      return why = "SORT does not know " + escape(word.substr(0, 40)), false;
    out.criteria.push_back({row->by, reverse});
  } while (c.space());
  return c.is(')');
}

void sort_found(Session& s, const SortOrder& order, Found& found) {
  Sorter sorter(s, order);
  std::size_t done = 0;
  for (auto i : found.at) {
    s.progress(done++, found.at.size());
    if (auto r = sorter.add(i); !r) {
      ++found.damaged;
      log::failure("imap_message_unreadable", r.error(), {{"uid", s.view()->uid(i)}});
    }
  }
  found.at = sorter.sorted();
}

}  // namespace jd::imap
