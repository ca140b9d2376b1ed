// SPDX-License-Identifier: MIT
#include "lib/imap/search.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/mime/date.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/text.h"

namespace jd::imap {

using Kind = SearchKey::Kind;
using store::Entry;

namespace {

enum class Takes : uint8_t { nothing, keyword, day, size, text, header, uids, one, two };
struct Row {
  std::string_view name;
  Kind kind;
  Takes takes = Takes::nothing;
  uint8_t flag = 0;
  std::string_view field = {};
};
constexpr Row rows[] = {
    {"ALL", Kind::all},
    {"ANSWERED", Kind::flag, Takes::nothing, store::answered},
    {"DELETED", Kind::flag, Takes::nothing, store::deleted},
    {"DRAFT", Kind::flag, Takes::nothing, store::draft},
    {"FLAGGED", Kind::flag, Takes::nothing, store::flagged},
    {"SEEN", Kind::flag, Takes::nothing, store::seen},
    {"UNANSWERED", Kind::no_flag, Takes::nothing, store::answered},
    {"UNDELETED", Kind::no_flag, Takes::nothing, store::deleted},
    {"UNDRAFT", Kind::no_flag, Takes::nothing, store::draft},
    {"UNFLAGGED", Kind::no_flag, Takes::nothing, store::flagged},
    {"UNSEEN", Kind::no_flag, Takes::nothing, store::seen},
    {"NEW", Kind::is_new},
    {"OLD", Kind::old},
    {"RECENT", Kind::recent},
    {"KEYWORD", Kind::keyword, Takes::keyword},
    {"UNKEYWORD", Kind::no_keyword, Takes::keyword},
    {"BEFORE", Kind::before, Takes::day},
    {"ON", Kind::on, Takes::day},
    {"SINCE", Kind::since, Takes::day},
    {"SENTBEFORE", Kind::sent_before, Takes::day},
    {"SENTON", Kind::sent_on, Takes::day},
    {"SENTSINCE", Kind::sent_since, Takes::day},
    {"LARGER", Kind::larger, Takes::size},
    {"SMALLER", Kind::smaller, Takes::size},
    {"FROM", Kind::header, Takes::text, 0, "From"},
    {"TO", Kind::header, Takes::text, 0, "To"},
    {"CC", Kind::header, Takes::text, 0, "Cc"},
    {"BCC", Kind::header, Takes::text, 0, "Bcc"},
    {"SUBJECT", Kind::header, Takes::text, 0, "Subject"},
    {"HEADER", Kind::header, Takes::header},
    {"BODY", Kind::body, Takes::text},
    {"TEXT", Kind::text, Takes::text},
    {"UID", Kind::uid, Takes::uids},
    {"NOT", Kind::negated, Takes::one},
    {"OR", Kind::either, Takes::two},
};

// Days, counted from long before 1970 so that none is negative.
uint64_t day_of(int64_t seconds) { return static_cast<uint64_t>(seconds + int64_t{200'000} * 86400) / 86400; }

class Reader {
 public:
  Reader(Cursor& c, SearchMistake& mistake) : c_(c), mistake_(mistake) {}

  bool charset() {
    auto at = c_.at();
    std::string word;
    if (!c_.atom(word) || upper(word) != "CHARSET") return c_.back(at), true;
    if (!c_.space() || !c_.astring(charset_) || !c_.space()) return wrong("CHARSET takes a name");
    if (!mime::is_charset(charset_)) {
      mistake_.is_charset = true;
      return wrong("that charset is not known");
    }
    return true;
  }

  bool all(SearchKey& out, std::size_t depth, char until) {
    out.kind = Kind::both;
    do {
      SearchKey k;
      if (!one(k, depth)) return false;
      out.keys.push_back(std::move(k));
    } while (c_.space());
    if (until ? !c_.is(until) : !c_.is_end()) return wrong("not a key of SEARCH");
    std::stable_sort(out.keys.begin(), out.keys.end(),
                     [](const SearchKey& a, const SearchKey& b) { return a.cost() < b.cost(); });
    return true;
  }

 private:
  bool wrong(std::string why) {
    if (mistake_.why.empty()) mistake_.why = std::move(why) + ": " + escape(c_.rest().substr(0, 40));
    return false;
  }

  bool one(SearchKey& k, std::size_t depth) {
    if (++count_ > max_keys || depth > max_key_depth) return wrong("too many keys");
    if (c_.is('(')) return all(k, depth + 1, ')');
    if (is_digit(c_.peek()) || c_.peek() == '*') {
      k.kind = Kind::sequence;
      return c_.set(k.set) || wrong("not a set of messages");
    }
    std::string word;
    if (!c_.atom(word)) return wrong("not a key of SEARCH");
    word = upper(word);
    auto row = std::find_if(std::begin(rows), std::end(rows), [&](auto& r) { return r.name == word; });
    if (row == std::end(rows)) return wrong("not a key of SEARCH: " + escape(word.substr(0, 40)));
    k.kind = row->kind;
    k.flag = row->flag;
    k.name = row->field;
    return argument(k, *row, depth);
  }

  bool argument(SearchKey& k, const Row& row, std::size_t depth) {
    if (row.takes == Takes::nothing) return true;
    if (!c_.space()) return wrong(std::string(row.name) + " takes something");
    switch (row.takes) {
      case Takes::nothing: return true;
      case Takes::keyword: return c_.flag(k.name) || wrong("not a keyword");
      case Takes::day: return day(k);
      case Takes::size: return c_.number(k.number) || wrong("not a number");
      case Takes::header: return (c_.astring(k.name) && c_.space() && text(k)) || wrong("HEADER takes a name and a text");
      case Takes::text: return text(k);
      case Takes::uids: return c_.set(k.set) || wrong("not a set of UIDs");
      case Takes::one: k.keys.resize(1); return one(k.keys[0], depth + 1);
      case Takes::two:
        k.keys.resize(2);
        return one(k.keys[0], depth + 1) && (c_.space() || wrong("OR takes two keys")) && one(k.keys[1], depth + 1);
    }
    return false;
  }

  bool day(SearchKey& k) {
    std::string s;
    if (!(c_.peek() == '"' ? c_.string(s) : c_.atom(s))) return wrong("not a day");
    auto t = mime::parse_imap_day(s);
    if (!t) return wrong("expected a day like 1-Feb-1994");
    k.number = day_of(t->seconds());
    return true;
  }

  bool text(SearchKey& k) {
    std::string s;
    if (!c_.astring(s)) return wrong("expected a text");
    k.value = mime::to_utf8(s, charset_);
    if (k.kind == Kind::header) k.value = mime::fold(k.value);
    return true;
  }

  Cursor& c_;
  SearchMistake& mistake_;
  std::string charset_ = "utf-8";
  std::size_t count_ = 0;
};

void settle_set(SequenceSet& set, uint32_t last) {
  for (auto& [a, b] : set)
    if (b == UINT32_MAX) b = last, a = std::min(a, last);
  std::sort(set.begin(), set.end());
  SequenceSet merged;
  for (auto [a, b] : set) {
    if (!merged.empty() && a <= merged.back().second) merged.back().second = std::max(merged.back().second, b);
    else merged.emplace_back(a, b);
  }
  set = std::move(merged);
}

bool in_set(const SequenceSet& set, uint32_t n) {
  auto after = std::upper_bound(set.begin(), set.end(), n, [](uint32_t x, auto& range) { return x < range.first; });
  return after != set.begin() && n <= std::prev(after)->second;
}

bool compare_day(Kind k, uint64_t day, uint64_t wanted) {
  if (k == Kind::before || k == Kind::sent_before) return day < wanted;
  if (k == Kind::on || k == Kind::sent_on) return day == wanted;
  return day >= wanted;
}

bool in_header(const SearchKey& k, std::string_view message) {
  for (auto raw : mime::find_all(message, k.name))
    if (k.value.empty() || mime::contains(mime::fold(mime::decode_words(raw)), k.value)) return true;
  return false;
}

// RFC 3501: the Date field's day, whatever its time and zone; mail without one counts by its arrival.
uint64_t sent_day(const Entry& e, std::string_view message) {
  auto raw = mime::find(message, "Date");
  auto date = raw ? mime::parse_date(*raw) : std::nullopt;
  return date ? day_of(date->time.seconds() + date->offset_minutes * 60) : day_of(e.date);
}

Result<bool> in_message(const SearchKey& k, const Entry& e, MessageCache& cache) {
  TRY(const std::string* message, cache.message(e));
  if (k.kind == Kind::header) return in_header(k, *message);
  if (k.kind != Kind::body && k.kind != Kind::text) return compare_day(k.kind, sent_day(e, *message), k.number);
  if (k.value.empty()) return true;
  TRY(const mime::Part* root, cache.root(e));
  return mime::contains_text(*message, *root, k.value, k.kind == Kind::body ? mime::SearchIn::body : mime::SearchIn::all);
}

bool has_keyword(const View& v, const Entry& e, const std::string& name) {
  int bit = v.folder().state().keyword_bit(name);
  return bit >= 0 && (e.keywords >> bit & 1);
}

}  // namespace

int SearchKey::cost() const {
  if (kind == Kind::body || kind == Kind::text) return 3;
  if (kind >= Kind::header && kind <= Kind::sent_since) return 2;
  int c = 0;
  for (auto& k : keys) c = std::max(c, k.cost());
  return c;
}

bool take_search(Cursor& c, SearchKey& out, SearchMistake& mistake) {
  Reader r(c, mistake);
  return r.charset() && r.all(out, 0, '\0');
}

void settle(SearchKey& k, const View& v) {
    if (k.kind == Kind::sequence) settle_set(k.set, static_cast<uint32_t>(v.size()));
  if (k.kind == Kind::uid) settle_set(k.set, v.size() ? v.uid(v.size() - 1) : 0);
  for (auto& one : k.keys) settle(one, v);
}

Result<bool> has_key(const SearchKey& k, const View& v, std::size_t i, const Entry& e, MessageCache& cache) {
  switch (k.kind) {
    case Kind::all: return true;
    case Kind::none: return false;
    case Kind::flag: return (e.flags & k.flag) != 0;
    case Kind::no_flag: return (e.flags & k.flag) == 0;
    case Kind::keyword: return has_keyword(v, e, k.name);
    case Kind::no_keyword: return !has_keyword(v, e, k.name);
    case Kind::is_new: return v.is_recent(i) && !(e.flags & store::seen);
    case Kind::old: return !v.is_recent(i);
    case Kind::recent: return v.is_recent(i);
    case Kind::larger: return e.size > k.number;
    case Kind::smaller: return e.size < k.number;
    case Kind::before: case Kind::on: case Kind::since: return compare_day(k.kind, day_of(e.date), k.number);
    case Kind::sequence: return in_set(k.set, static_cast<uint32_t>(i + 1));
    case Kind::uid: return in_set(k.set, e.uid);
    case Kind::negated: {
      TRY(bool has, has_key(k.keys[0], v, i, e, cache));
      return !has;
    }
    case Kind::both: case Kind::either:
      for (auto& one : k.keys) {
        TRY(bool has, has_key(one, v, i, e, cache));
        if (has == (k.kind == Kind::either)) return has;
      }
      return k.kind == Kind::both;
    default: return in_message(k, e, cache);
  }
}

}  // namespace jd::imap
