// SPDX-License-Identifier: MIT
#include "lib/imap/search.h"

#include <algorithm>

#include "lib/base/time.h"
#include "lib/imap/object_id.h"
#include "lib/mime/charset.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/text.h"

namespace jd::imap {

using Kind = SearchKey::Kind;
using store::Entry;

namespace {

using mime::DigestField;

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
  if (k == Kind::before || k == Kind::sent_before || k == Kind::saved_before) return day < wanted;
  if (k == Kind::on || k == Kind::sent_on || k == Kind::saved_on) return day == wanted;
  return day >= wanted;
}

bool in_header(const SearchKey& k, std::string_view message) {
  for (auto raw : mime::find_all(message, k.name))
    if (k.value.empty() || mime::contains(mime::fold(mime::decode_words(raw)), k.value)) return true;
  return false;
}

// A text across two lines may stand across two fields of the digest: only the message can tell.
Result<bool> in_digest(const SearchKey& k, const Entry& e, MessageCache& cache) {
  TRY(mime::DigestView d, cache.digest(e));
  auto field = static_cast<DigestField>(k.field);
  if (!d.has(field)) return false;
  if (k.value.empty()) return true;
  if (k.value.find('\n') == k.value.npos) {
    if (mime::contains(d.get(field), k.value)) return true;
    if (!d.is_cut(field)) return false;
  }
  TRY(const std::string* message, cache.message(e));
  return in_header(k, *message);
}

// RFC 3501: the Date field's day, whatever its time and zone; mail without one counts by its arrival.
Result<bool> was_sent(const SearchKey& k, const Entry& e, MessageCache& cache) {
  TRY(mime::DigestView d, cache.digest(e));
  return compare_day(k.kind, day_of(d.has_date() ? d.sent_local() : e.date), k.number);
}

Result<bool> is_in_thread(const SearchKey& k, const Entry& e, MessageCache& cache) {
  TRY(mime::DigestView d, cache.digest(e));
  return thread_id(d.first_reference(), d.get(DigestField::in_reply_to), d.get(DigestField::message_id)) == k.value;
}

Result<bool> in_message(const SearchKey& k, const Entry& e, MessageCache& cache) {
  if (k.kind >= Kind::sent_before && k.kind <= Kind::sent_since) return was_sent(k, e, cache);
  if (k.kind == Kind::thread) return is_in_thread(k, e, cache);
  if (k.kind == Kind::header && k.field >= 0) return in_digest(k, e, cache);
  if (k.filter && k.filter->excludes(e.stamp)) return false;
  if (k.filter && k.filter->is_in_document(e.stamp)) return true;
  TRY(const std::string* message, cache.message(e));
  if (k.kind == Kind::header) return in_header(k, *message);
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
  if (kind >= Kind::header && kind <= Kind::thread) return 2;
  int c = 0;
  for (auto& k : keys) c = std::max(c, k.cost());
  return c;
}

void settle(SearchKey& k, const View& v, const SequenceSet& saved) {
  if ((k.kind == Kind::sequence || k.kind == Kind::uid) && is_saved(k.set)) {  // RFC 5182 §2.1: UIDs or not, it is the same
    k.kind = Kind::uid;
    k.set = saved;
  }
  if (k.kind == Kind::sequence) settle_set(k.set, static_cast<uint32_t>(v.size()));
  if (k.kind == Kind::uid) settle_set(k.set, v.size() ? v.uid(v.size() - 1) : 0);
  if (k.kind == Kind::older || k.kind == Kind::younger) k.moment = now().seconds() - static_cast<int64_t>(k.number);
  for (auto& one : k.keys) settle(one, v, saved);
}

void use_index(SearchKey& k, store::SearchIndex& index) {
  using Scope = store::SearchScope;
  if (k.kind == Kind::body || k.kind == Kind::text)
    k.filter = index.filter(mime::fold(k.value), k.kind == Kind::body ? Scope::body : Scope::text);
  if (k.kind == Kind::header && k.field < 0) k.filter = index.filter(k.value, Scope::header);
  for (auto& one : k.keys) use_index(one, index);
}

bool uses(const SearchKey& k, Kind kind) {
  return k.kind == kind || std::any_of(k.keys.begin(), k.keys.end(), [&](const SearchKey& one) { return uses(one, kind); });
}

namespace {
bool lets_in(const SearchKey& k, std::size_t i, uint32_t uid) {
  switch (k.kind) {
    case Kind::sequence: return in_set(k.set, static_cast<uint32_t>(i + 1));
    case Kind::uid: return in_set(k.set, uid);
    case Kind::uid_after: return uid > k.number;
    case Kind::uid_before: return uid < k.number;
    case Kind::both: return std::all_of(k.keys.begin(), k.keys.end(), [&](auto& one) { return lets_in(one, i, uid); });
    default: return true;
  }
}
}  // namespace

Reach reach_of(const SearchKey& k, const View& v, uint64_t most) {
  Reach r;
  for (std::size_t i = v.size(); i-- > 0;) {
    const Entry* e = v.live(i);
    if (!e || !lets_in(k, i, e->uid)) continue;
    if (r.messages == most) return r.is_limited = true, r;
    ++r.messages;
    r.begin = i;
  }
  return r;
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
    case Kind::saved_before: case Kind::saved_on: case Kind::saved_since:  // RFC 8514 §4.3: or INTERNALDATE
      return compare_day(k.kind, day_of(e.saved ? int64_t{e.saved} : e.date), k.number);
    case Kind::older: return e.date <= k.moment;
    case Kind::younger: return e.date >= k.moment;
    case Kind::mod_seq: return e.mod_seq >= k.number;
    case Kind::email: return email_id(e.stamp) == k.value;
    case Kind::fuzzy: return has_key(k.keys[0], v, i, e, cache);  // RFC 6203 leaves how fuzzy to us
    case Kind::sequence: return in_set(k.set, static_cast<uint32_t>(i + 1));
    case Kind::uid: return in_set(k.set, e.uid);
    case Kind::uid_after: return e.uid > k.number;
    case Kind::uid_before: return e.uid < k.number;
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
