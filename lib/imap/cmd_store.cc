// SPDX-License-Identifier: MIT
// cmd_store.cc: STORE, COPY and MOVE (RFC 6851), with COPYUID (RFC 4315).
#include <errno.h>

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {

using store::Entry;

namespace {

// UIDs of the messages that are still there; false: some are not.
bool present(const View& v, const std::vector<std::size_t>& chosen, store::UidSet& uids, uint64_t* bytes = nullptr) {
  bool all = true;
  for (auto i : chosen) {
    const Entry* e = v.folder().state().find(v.uid(i));
    if (!e) {
      all = false;
      continue;
    }
    uids.add(e->uid);
    if (bytes) *bytes += e->size;
  }
  return all;
}

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

}  // namespace

void cmd_store(Session& s, Cursor& c) {
  View& v = *s.view();
  std::vector<std::size_t> chosen;
  std::string word;
  std::optional<uint64_t> since;
  if (!s.messages(c, chosen)) return;
  if (!take_since(c, since)) return s.bad("STORE takes (UNCHANGEDSINCE n) before FLAGS");
  if (!c.space() || !c.word(word)) return s.bad("STORE takes FLAGS, +FLAGS or -FLAGS");
  word = upper(word);
  auto op = store::FlagOp::set;
  if (word[0] == '+') op = store::FlagOp::add;
  if (word[0] == '-') op = store::FlagOp::remove;
  if (op != store::FlagOp::set) word.erase(0, 1);
  bool silent = word == "FLAGS.SILENT";
  if (!silent && word != "FLAGS") return s.bad("STORE takes FLAGS, +FLAGS or -FLAGS");
  Flags flags;
  if (!c.space() || !take_flag_list(c, flags, true)) return s.bad("no such list of flags");
  if (!s.end(c)) return;
  if (v.is_read_only()) return s.no("the mailbox is open for reading only");
  if (since) s.enable(Ext::condstore);
  store::UidSet uids, left;
  bool all = present(v, chosen, uids);
  auto seq = v.folder().store(op, flags.system, flags.keywords, uids, since.value_or(UINT64_MAX), &left);
  if (!seq && seq.error().fault == Fault::perm && seq.error().sys == 0) return s.no("[LIMIT] " + seq.error().what);
  if (!seq) return s.failed(seq.error(), "cannot keep the flags");
  if (*seq) v.known(*seq, !silent);
  v.say_keywords(s.out());
  std::string code = modified_code(s, left);
  bool with_mod_seq = s.has(Ext::condstore);
  for (auto i : chosen) {
    const Entry* e = v.folder().state().find(v.uid(i));
    if (!e || (silent && !with_mod_seq) || left.contains(e->uid)) continue;
    std::string one = fetch_head(s, i, e->uid, s.is_uid() || s.has(Ext::rev2) || s.has(Ext::qresync));
    if (!silent) one += "FLAGS " + v.flags(*e, s.is_recent(i));
    if (with_mod_seq) one += fmt::format("{}MODSEQ ({})", silent ? "" : " ", e->mod_seq);
    s.out() += one + ")\r\n";
    s.flush_if_full();
  }
  if (!all && code.empty()) code = "[EXPUNGEISSUED] ";
  if (all) s.ok(code + "STORE done");
  else s.no(code + "some of the messages are gone");
}

void cmd_copy(Session& s, Cursor& c) {
  View& v = *s.view();
  bool move = s.command() == "MOVE";
  std::vector<std::size_t> chosen;
  std::string name;
  if (!s.messages(c, chosen) || !take_mailbox(s, c, name) || !s.end(c)) return;
  if (move && v.is_read_only()) return s.no("the mailbox is open for reading only");
  auto& account = s.account();
  if (auto r = account.tree().refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  if (!account.tree().find(name)) return s.no("[TRYCREATE] there is no such mailbox");
  store::UidSet uids;
  uint64_t bytes = 0;
  if (!present(v, chosen, uids, &bytes)) return s.no("[EXPUNGEISSUED] some of the messages are gone");
  if (auto r = move ? Status() : account.admit(s.options().quota, bytes, uids.size()); !r && r.error().sys == EDQUOT) return s.no("[OVERQUOTA] mailbox is full");
  else if (!r) return s.failed(r.error(), "cannot read the mailbox");
  auto target = account.folder(name);
  if (!target) return s.failed(target.error(), "cannot open the mailbox");
  auto pairs = (*target)->copy_from(v.folder(), uids, move);
  if (!pairs && pairs.error().fault == Fault::perm && pairs.error().sys == 0) return s.no("[LIMIT] " + pairs.error().what);
  if (!pairs) return s.failed(pairs.error(), "cannot copy");
  std::string code;
  if (!pairs->empty()) {
    store::UidSet from, to;
    for (auto [a, b] : *pairs) from.add(a), to.add(b);
    s.mine((*target)->id(), to);
    code = fmt::format("[COPYUID {} {} {}] ", (*target)->state().uid_validity(), from.text(), to.text());
  }
  if (!move && s.options().stored) s.options().stored("", bytes, pairs->size());
  if (!move) return s.ok(code + "COPY done");
  // RFC 6851 §4.3: COPYUID before the EXPUNGEs.
  if (!code.empty()) s.out() += "* OK " + code + "moved\r\n";
  s.ok("MOVE done");
}

}  // namespace jd::imap
