// SPDX-License-Identifier: MIT
// search_parse.cc: take_search(): the keys off a command.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/imap/search.h"
#include "lib/mime/charset.h"
#include "lib/mime/date.h"

namespace jd::imap {

using Kind = SearchKey::Kind;

namespace {

enum class Takes : uint8_t { nothing, keyword, day, size, text, header, uid, uids, one, two, interval, object, mod_seq };
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
    {"UIDAFTER", Kind::uid_after, Takes::uid},   // RFC 9738
    {"UIDBEFORE", Kind::uid_before, Takes::uid},
    {"NOT", Kind::negated, Takes::one},
    {"OR", Kind::either, Takes::two},
    {"FUZZY", Kind::fuzzy, Takes::one},          // RFC 6203
    {"OLDER", Kind::older, Takes::interval},     // RFC 5032
    {"YOUNGER", Kind::younger, Takes::interval},
    {"SAVEDBEFORE", Kind::saved_before, Takes::day},  // RFC 8514
    {"SAVEDON", Kind::saved_on, Takes::day},
    {"SAVEDSINCE", Kind::saved_since, Takes::day},
    {"SAVEDATESUPPORTED", Kind::all},
    {"EMAILID", Kind::email, Takes::object},     // RFC 8474
    {"THREADID", Kind::thread, Takes::object},
    {"MODSEQ", Kind::mod_seq, Takes::mod_seq},   // RFC 7162
};

// In the order of mime::DigestField.
constexpr std::string_view digested[] = {"Subject", "From", "To", "Cc", "Bcc"};

class Reader {
 public:
  Reader(Cursor& c, SearchMistake& mistake) : c_(c), mistake_(mistake) {}

  bool charset() {
    auto at = c_.at();
    std::string word;
    if (!c_.atom(word) || upper(word) != "CHARSET") return c_.back(at), true;
    if (!c_.space() || !c_.astring(word) || !c_.space()) return wrong("CHARSET takes a name");
    return use_charset(std::move(word));
  }
  bool use_charset(std::string name) {
    charset_ = std::move(name);
    if (mime::is_charset(charset_)) return true;
    mistake_.is_charset = true;
    return wrong("that charset is not known");
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
    if (is_digit(c_.peek()) || c_.peek() == '*' || c_.peek() == '$') {
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
      case Takes::uid: return (c_.number(k.number) && k.number) || wrong(std::string(row.name) + " takes a UID");
      case Takes::uids: return c_.set(k.set) || wrong("not a set of UIDs");
      case Takes::interval: return (c_.number(k.number) && k.number) || wrong("expected a number of seconds");
      case Takes::object: return object(k);
      case Takes::mod_seq: return mod_seq(k);
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

  // An id that we did not make is well-formed all the same, and no message has it.
  bool object(SearchKey& k) {
    return (c_.atom(k.value) && k.value.size() <= 255) || wrong("not an object id");
  }

  // RFC 7162 §3.1.5: the name and type of a metadata item may stand before the number; we keep one
  // number for a message, whatever was changed.
  bool mod_seq(SearchKey& k) {
    std::string word;
    if (c_.peek() == '"' && !(c_.string(word) && c_.space() && c_.atom(word) && c_.space()))
      return wrong("MODSEQ takes a number");
    auto n = c_.atom(word) ? to_number(word) : std::nullopt;
    if (!n || *n > INT64_MAX) return wrong("MODSEQ takes a number");
    k.number = *n;
    return true;
  }

  bool text(SearchKey& k) {
    std::string s;
    if (!c_.astring(s)) return wrong("expected a text");
    k.value = mime::to_utf8(s, charset_);
    if (k.kind == Kind::header) {
      k.value = mime::fold(k.value);
      auto at = std::find_if(std::begin(digested), std::end(digested), [&](auto& f) { return iequals(f, k.name); });
      if (at != std::end(digested)) k.field = static_cast<int8_t>(at - std::begin(digested));
    }
    return true;
  }

  Cursor& c_;
  SearchMistake& mistake_;
  std::string charset_ = "utf-8";
  std::size_t count_ = 0;
};

}  // namespace

bool take_search(Cursor& c, SearchKey& out, SearchMistake& mistake) {
  Reader r(c, mistake);
  return r.charset() && r.all(out, 0, '\0');
}
bool take_search_in(std::string charset, Cursor& c, SearchKey& out, SearchMistake& mistake) {
  Reader r(c, mistake);
  return r.use_charset(std::move(charset)) && r.all(out, 0, '\0');
}

}  // namespace jd::imap
