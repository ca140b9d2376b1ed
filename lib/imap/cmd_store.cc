// SPDX-License-Identifier: MIT
// cmd_store.cc: STORE.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {

using store::Entry;

namespace {

// RFC 7162 §3.1.3: " (UNCHANGEDSINCE n)", if it is there.
bool take_since(Cursor& c, std::optional<uint64_t>& since) {
  auto at = c.at();
  if (!c.space() || !c.is('(')) return c.back(at), true;
  std::string word;
  uint64_t n;
  if (!c.atom(word) || !iequals(word, "UNCHANGEDSINCE") || !c.space() || !c.number64(n) || !c.is(')')) return false;
  since = n;
  return true;
}

// "[MODIFIED set] ": those that others changed after what the client knows; they stay as they are.
std::string modified_code(Session& s, const store::UidSet& left) {
  if (left.empty()) return "";
  if (s.is_uid()) return fmt::format("[MODIFIED {}] ", left.text());
  store::UidSet numbers;
  for (auto& r : left.ranges())
    for (uint64_t u = r.first; u <= r.last; ++u) numbers.add(static_cast<uint32_t>(s.view()->first_at_least(static_cast<uint32_t>(u)) + 1));
  return fmt::format("[MODIFIED {}] ", numbers.text());
}

struct Change {
  store::FlagOp op = store::FlagOp::set;
  Flags flags;
  std::optional<uint64_t> since;
};

constexpr uint8_t other_flags = store::all_flags & ~(store::seen | store::deleted);

// RFC 4314 §4: what the user has no right to change stays as it is; nullopt: that is all of it.
std::optional<Result<uint64_t>> keep(View& v, Change& change, const store::UidSet& uids, store::UidSet& left) {
  uint64_t unless_after = change.since.value_or(UINT64_MAX);
  auto store = [&](store::FlagOp op, const Flags& f, const store::UidSet& which, uint64_t unless) {
    return v.folder().store(op, f.system, f.keywords, which, unless, &left);
  };
  if (v.may('s') && v.may('t') && v.may('w')) return store(change.op, change.flags, uids, unless_after);
  auto mask = static_cast<uint8_t>((v.may('s') ? store::seen : 0) | (v.may('t') ? store::deleted : 0) | (v.may('w') ? other_flags : 0));
  bool was_empty = !change.flags.system && change.flags.keywords.empty();
  drop_forbidden(change.flags, v.rights());
  if (!was_empty && !change.flags.system && change.flags.keywords.empty()) return {};
  if (change.op != store::FlagOp::set) return store(change.op, change.flags, uids, unless_after);
  // To set is to add some and to take away the rest, of those that are his to change.
  Flags rest;
  rest.system = static_cast<uint8_t>(mask & ~change.flags.system);
  if (v.may('w'))
    for (auto& k : v.folder().state().keywords())
      if (std::none_of(change.flags.keywords.begin(), change.flags.keywords.end(), [&](auto& x) { return iequals(x, k); })) rest.keywords.push_back(k);
  auto added = store(store::FlagOp::add, change.flags, uids, unless_after);
  if (!added) return added;
  store::UidSet mine;
  for (auto& r : uids.ranges())
    for (uint64_t u = r.first; u <= r.last; ++u)
      if (!left.contains(static_cast<uint32_t>(u))) mine.add(static_cast<uint32_t>(u));
  auto removed = store(store::FlagOp::remove, rest, mine, UINT64_MAX);
  if (removed && !*removed) return added;
  return removed;
}

}  // namespace

void cmd_store(Session& s, Cursor& c) {
  View& v = *s.view();
  std::vector<std::size_t> chosen;
  std::string word;
  std::optional<uint64_t> since;
  if (!s.messages(c, chosen)) return;
  uint32_t lowest = s.limit(chosen);
  expect_changes(chosen);
  if (!take_since(c, since)) return s.bad("STORE takes (UNCHANGEDSINCE n) before FLAGS");
  if (!c.space() || !c.word(word)) return s.bad("STORE takes FLAGS, +FLAGS or -FLAGS");
  word = upper(word);
  Change change;
  if (word[0] == '+') change.op = store::FlagOp::add;
  if (word[0] == '-') change.op = store::FlagOp::remove;
  if (change.op != store::FlagOp::set) word.erase(0, 1);
  bool silent = word == "FLAGS.SILENT";
  if (!silent && word != "FLAGS") return s.bad("STORE takes FLAGS, +FLAGS or -FLAGS");
  if (!c.space() || !take_flag_list(c, change.flags, true)) return s.bad("no such list of flags");
  if (!s.end(c)) return;
  if (v.is_read_only()) return s.no("the mailbox is open for reading only");
  if (since) s.enable(Ext::condstore);
  change.since = since;
  store::UidSet uids, left;
  bool all = present(v, chosen, uids);
  auto kept = keep(v, change, uids, left);
  if (!kept) return s.no("[NOPERM] you have not the right to change these flags");
  auto& seq = *kept;
  if (!seq && seq.error().fault == Fault::perm && seq.error().sys == 0) return s.no("[LIMIT] " + seq.error().what);
  if (!seq) return s.failed(seq.error(), "cannot keep the flags");
  if (*seq) v.known(*seq, !silent);
  v.say_keywords(s.out());
  std::string code = modified_code(s, left);
  bool with_mod_seq = s.has(Ext::condstore);
  if (lowest) std::reverse(chosen.begin(), chosen.end());  // RFC 9738 §3.1: from the highest down
  for (auto i : chosen) {
    const Entry* e = v.live(i);
    if (!e || (silent && !with_mod_seq) || left.contains(e->uid)) continue;
    put_fetch_head(s, i, e->uid, s.is_uid() || s.has(Ext::rev2) || s.has(Ext::qresync));
    std::string& out = s.out();
    if (!silent) out += "FLAGS ", out += v.flags(*e, s.is_recent(i));
    if (with_mod_seq) out += fmt::format("{}MODSEQ ({})", silent ? "" : " ", e->mod_seq);
    out += ")\r\n";
    s.flush_if_full();
  }
  if (!all && code.empty()) code = "[EXPUNGEISSUED] ";
  s.limited(lowest);
  if (all) s.ok(code + "STORE done");
  else s.no(code + "some of the messages are gone");
}

}  // namespace jd::imap
