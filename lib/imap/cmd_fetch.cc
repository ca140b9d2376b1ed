// SPDX-License-Identifier: MIT
// cmd_fetch.cc: FETCH and UID FETCH.  Envelopes and structures are copied, not made.
#include <errno.h>

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/fetch_items.h"
#include "lib/imap/object_id.h"
#include "lib/imap/resync.h"
#include "lib/imap/search_return.h"
#include "lib/mime/date.h"
#include "lib/mime/digest.h"
#include "lib/mime/imap_form.h"
#include "lib/mime/section.h"
#include "lib/mime/text.h"
#include "lib/mime/transfer.h"

namespace jd::imap {

using store::Entry;

namespace {
constexpr std::size_t part_bytes = 1 << 20;  // of one answer that are sent before the rest is made

void put_literal(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + bytes.size() + 32);  // a large one: exactly, not doubled
  out += '{';
  append_number(out, bytes.size());
  out += "}\r\n";
  out += bytes;
}

Status put_section(MessageCache& cache, const Entry& e, const FetchItem& item, std::string& out) {
  TRY(const std::string* message, cache.message(e));
  std::string chosen;
  std::string_view bytes = *message;
  if (!item.section.empty()) {
    TRY(const mime::Part* root, cache.root(e));
    auto range = mime::section(*root, item.section);
    if (!range) {
      out += "NIL";
      return {};
    }
    bytes = range->of(*message);
    if (item.has_fields) bytes = chosen = mime::header_fields(bytes, item.fields, item.all_but);
  }
  if (item.partial) {
    auto [from, count] = *item.partial;
    bytes = from < bytes.size() ? bytes.substr(from, count) : std::string_view();
  }
  put_literal(out, bytes);
  return {};
}

// RFC 3516: the transfer encoding undone.  A whole message, or a part that only holds others, has none.
// perm with sys EBADMSG: an encoding that nobody knows.
Status put_binary(MessageCache& cache, const Entry& e, const FetchItem& item, std::string& out) {
  TRY(const std::string* message, cache.message(e));
  TRY(const mime::Part* root, cache.root(e));
  auto range = mime::section(*root, item.section);
  const mime::Part* part = item.section.empty() ? nullptr : mime::find_part(*root, item.section);
  if (!range) {
    out += item.what == Fetch::binary_size ? "0" : "NIL";
    return {};
  }
  std::string decoded;
  std::string_view bytes = range->of(*message);
  if (part && part->children.empty()) {
    if (!mime::is_known_encoding(part->encoding)) return Unexpected(Error(Fault::perm, "unknown transfer encoding", EBADMSG));
    bytes = decoded = mime::decoded(*message, *part);
  }
  if (item.what == Fetch::binary_size) {
    append_number(out, bytes.size());
    return {};
  }
  if (item.partial) {
    auto [from, count] = *item.partial;
    bytes = from < bytes.size() ? bytes.substr(from, count) : std::string_view();
  }
  if (bytes.find('\0') != bytes.npos) out += '~';
  put_literal(out, bytes);
  return {};
}

Status put_thread_id(MessageCache& cache, const Entry& e, std::string& out) {
  TRY(auto d, cache.digest(e));
  auto id = thread_id(d.first_reference(), d.get(mime::DigestField::in_reply_to), d.get(mime::DigestField::message_id));
  out += id ? "(" + *id + ")" : "NIL";
  return {};
}

Status put_item(Session& s, const Entry& e, bool recent, const FetchItem& item, std::string& out) {
  out += item.label;
  out += ' ';
  switch (item.what) {
    case Fetch::flags: out += s.view()->flags(e, recent); break;
    case Fetch::uid: append_number(out, e.uid); break;
    case Fetch::size: append_number(out, e.size); break;
    case Fetch::internal_date: out += "\"" + mime::imap_date({from_seconds(e.date), 0}) + "\""; break;
    case Fetch::envelope: {
      TRY(auto w, s.cache().wire(e));
      out += w.envelope;
      break;
    }
    case Fetch::body_structure: {
      TRY(auto w, s.cache().wire(e));
      out += w.body_structure;
      break;
    }
    case Fetch::body: {
      TRY(const mime::Part* root, s.cache().root(e));
      TRY(const std::string* message, s.cache().message(e));
      out += mime::imap_body(*message, *root);
      break;
    }
    case Fetch::mod_seq: out += fmt::format("({})", e.mod_seq); break;
    case Fetch::saved:  // RFC 8514
      out += e.saved ? "\"" + mime::imap_date({from_seconds(e.saved), 0}) + "\"" : "NIL";
      break;
    case Fetch::email_id: out += "(" + email_id(e.stamp) + ")"; break;  // RFC 8474
    case Fetch::thread_id: return put_thread_id(s.cache(), e, out);
    case Fetch::preview: {
      TRY(const mime::Part* root, s.cache().root(e));
      TRY(const std::string* message, s.cache().message(e));
      append_string(out, mime::preview(*message, *root));
      break;
    }
    case Fetch::binary:
    case Fetch::binary_size: return put_binary(s.cache(), e, item, out);
    case Fetch::section: return put_section(s.cache(), e, item, out);
  }
  return {};
}

// \Seen for those that lack it, in one durable record before anything is shown.
Status mark_seen(View& v, const std::vector<std::size_t>& chosen, store::UidSet& marked) {
  for (auto i : chosen) {
    const Entry* e = v.live(i);
    if (e && !(e->flags & store::seen)) marked.add(e->uid);
  }
  if (marked.empty()) return {};
  TRY(uint64_t seq, v.folder().store(store::FlagOp::add, store::seen, {}, marked));
  if (seq) v.known(seq, true);
  return {};
}

}  // namespace

Status put_fetch(Session& s, std::size_t index, const std::vector<FetchItem>& items, bool with_uid, bool with_flags) {
  View& v = *s.view();
  Entry e = *v.entry(index);
  bool recent = s.is_recent(index);
  bool has_uid = false, has_flags = false, has_mod_seq = false;
  for (auto& i : items) {
    has_uid |= i.what == Fetch::uid;
    has_flags |= i.what == Fetch::flags;
    has_mod_seq |= i.what == Fetch::mod_seq;
  }
  std::string& out = s.out();
  std::size_t begin = out.size();
  put_fetch_head(s, index, e.uid, (with_uid || s.has(Ext::qresync)) && !has_uid);
  bool is_first = true, is_begun = false;  // begun: the client has a part of this answer already
  Status trouble;
  auto blank = [&] {
    if (!is_first) out += ' ';
    is_first = false;
  };
  for (auto& i : items) {
    if (out.size() > begin + part_bytes) s.flush_if_full(), begin = 0, is_begun = true;
    blank();
    std::size_t at = out.size();
    auto r = put_item(s, e, recent, i, out);
    if (r) continue;
    out.resize(is_begun ? at : begin);
    if (!is_begun) return r;
    out += i.label + " NIL";  // its line must end well; the command says that it failed
    trouble = r;
  }
  if (with_flags && !has_flags) blank(), out += "FLAGS ", out += v.flags(e, recent);
  if (with_flags && !has_mod_seq && s.has(Ext::condstore)) out += fmt::format(" MODSEQ ({})", e.mod_seq);
  out += ")\r\n";
  s.flush_if_full();
  return trouble;
}

namespace {

bool changed_since(const View& v, std::size_t index, uint64_t since) {
  const Entry* e = v.live(index);
  return e && e->mod_seq > since;
}
FetchItem mod_seq_item() {
  FetchItem i;
  i.what = Fetch::mod_seq;
  i.label = "MODSEQ";
  return i;
}

// RFC 7162 §3.1.4.1, §3.2.6: " (CHANGEDSINCE n VANISHED)", if it is there.
struct Modifiers {
  std::optional<uint64_t> since;
  bool vanished = false;
  std::optional<PartialRange> partial;  // RFC 9394 §3.3
};
bool take_modifiers(Cursor& c, Modifiers& m) {
  if (c.is_end()) return true;
  if (!c.space() || !c.is('(')) return false;
  std::string word;
  uint64_t n;
  do {
    if (!c.atom(word)) return false;
    if (iequals(word, "VANISHED")) m.vanished = true;
    else if (iequals(word, "CHANGEDSINCE") && !m.since && c.space() && c.number64(n)) m.since = n;
    else if (!iequals(word, "PARTIAL") || m.partial || !c.space() || !take_partial_range(c, m.partial.emplace())) return false;
  } while (c.space());
  return c.is(')') && (m.since || !m.vanished);
}

}  // namespace

void put_fetch_head(Session& s, std::size_t index, uint32_t uid, bool with_uid) {
  put_fetch_head(s.out(), s.has(Ext::uidonly), index, uid, with_uid);
}

void cmd_fetch(Session& s, Cursor& c) {
  View& v = *s.view();
  std::vector<std::size_t> chosen;
  std::vector<FetchItem> items;
  std::string why;
  Modifiers modifiers;
  SequenceSet set;
  auto at = c.at();
  if (!s.messages(c, chosen)) return;
  if (!c.space() || !take_fetch_items(c, items, why)) return s.bad(why.empty() ? "FETCH what?" : why);
  if (!take_modifiers(c, modifiers)) return s.bad("FETCH takes (CHANGEDSINCE n) or (PARTIAL 1:9) behind its items");
  if (!s.end(c)) return;
  if (modifiers.vanished && (!s.is_uid() || !s.has(Ext::qresync))) return s.bad("VANISHED takes UID FETCH and ENABLE QRESYNC");
  if (modifiers.partial && !s.is_uid()) return s.bad("PARTIAL takes UID FETCH");
  if (uint64_t n = s.options().message_limit; n && modifiers.partial && modifiers.partial->last - modifiers.partial->first >= n) return s.too_many(0);
  bool wants_mod_seq = std::any_of(items.begin(), items.end(), [](auto& i) { return i.what == Fetch::mod_seq; });
  if (wants_mod_seq || modifiers.since) s.enable(Ext::condstore);
  if (modifiers.partial) {  // RFC 9394 §3.4: of these, those that have changed
    auto [from, to] = modifiers.partial->of(chosen.size());
    chosen = std::vector<std::size_t>(chosen.begin() + static_cast<std::ptrdiff_t>(from), chosen.begin() + static_cast<std::ptrdiff_t>(to));
  }
  if (modifiers.since) {
    std::erase_if(chosen, [&](std::size_t i) { return !changed_since(v, i, *modifiers.since); });
    if (!wants_mod_seq) items.push_back(mod_seq_item());
  }
  uint32_t lowest = s.limit(chosen);  // what has not changed does not count
  if (modifiers.vanished) {
    auto end = c.at();
    c.back(at);
    (void)(c.space() && c.set(set));  // it was read before
    c.back(end);
    if (auto gone = vanished(v.folder().state(), set, *modifiers.since); !gone.empty())
      s.out() += "* VANISHED (EARLIER) " + gone.text() + "\r\n";
  }
  bool marks = std::any_of(items.begin(), items.end(), [](auto& i) { return i.marks_seen; });
  store::UidSet marked;
  if (marks && v.may('s')) {
    if (auto r = mark_seen(v, chosen, marked); !r) return s.failed(r.error(), "cannot mark as read");
  }
  if (lowest) std::reverse(chosen.begin(), chosen.end());  // RFC 9738 §3.1: from the highest down
  std::size_t gone = 0, damaged = 0, unknown = 0;
  for (auto i : chosen) {
    auto r = put_fetch(s, i, items, s.is_uid(), marked.contains(v.uid(i)));
    if (s.is_over()) return;
    if (r) continue;
    if (v.is_gone(i)) {
      ++gone;
      continue;
    }
    if (r.error().sys == EBADMSG) {
      ++unknown;
      continue;
    }
    ++damaged;
    log::failure("imap_message_unreadable", r.error(), {{"uid", v.uid(i)}});
  }
  s.limited(lowest);
  if (damaged) return s.no(fmt::format("[SERVERBUG] {} of the messages cannot be read", damaged));
  if (unknown) return s.no("[UNKNOWN-CTE] the transfer encoding of a part is not known");
  // RFC 5530: another session expunged them; by UID this is no mistake.
  if (gone && !s.is_uid()) return s.no("[EXPUNGEISSUED] some of the messages are gone");
  s.ok("FETCH done");
}

}  // namespace jd::imap
