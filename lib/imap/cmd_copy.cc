// SPDX-License-Identifier: MIT
// cmd_copy.cc: COPY and MOVE (RFC 6851), with COPYUID (RFC 4315), also from one account into another.
#include <errno.h>

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {

using store::Entry;

bool present(const View& v, const std::vector<std::size_t>& chosen, store::UidSet& uids, uint64_t* bytes) {
  bool all = true;
  for (auto i : chosen) {
    const Entry* e = v.live(i);
    if (!e) {
      all = false;
      continue;
    }
    uids.add(e->uid);
    if (bytes) *bytes += e->size;
  }
  return all;
}

void drop_forbidden(Flags& flags, store::Rights rights) {
  auto allowed = static_cast<uint8_t>((rights.has('s') ? store::seen : 0) | (rights.has('t') ? store::deleted : 0));
  if (rights.has('w')) allowed |= store::all_flags & ~(store::seen | store::deleted);
  else flags.keywords.clear();
  flags.system &= allowed;
}

namespace {
using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

struct Copy {
  View& from;
  store::Account& from_account;
  const Mailbox& to;
  store::Folder& target;
  const store::UidSet& uids;
  bool is_move;
};

Status copy_one(const Copy& c, const Entry& e, Pairs& pairs) {
  TRY(std::string bytes, c.from_account.segments().message(e));
  Flags flags;
  flags.system = e.flags;
  auto& names = c.from.folder().state().keywords();
  for (std::size_t b = 0; b < names.size(); ++b)
    if (e.keywords >> b & 1) flags.keywords.push_back(names[b]);
  drop_forbidden(flags, c.to.rights);
  store::NewMessage m;
  m.bytes = bytes;
  m.flags = flags.system;
  m.keywords = std::move(flags.keywords);
  m.date = e.date;
  TRY(uint32_t uid, c.target.append(m, false));
  pairs.emplace_back(e.uid, uid);
  return {};
}

// References of one account mean nothing in another, and flags may be forbidden: the messages are
// written anew.  All of them, durable, or none; what is moved goes only then.
Result<Pairs> copy_bytes(const Copy& c) {
  Pairs pairs;
  Status done;
  std::vector<Entry> chosen;
  for (auto& e : c.from.folder().state().entries())
    if (c.uids.contains(e.uid)) chosen.push_back(e);
  for (auto& e : chosen) {
    done = copy_one(c, e, pairs);
    if (!done) break;
  }
  if (done && !pairs.empty()) done = c.target.sync();
  store::UidSet taken, made;
  for (auto [a, b] : pairs) taken.add(a), made.add(b);
  if (done && c.is_move) done = c.from.folder().expunge(taken);
  if (done) return pairs;
  if (!made.empty())
    if (auto r = c.target.expunge(made); !r) log::failure("imap_append_not_undone", r.error(), {{"uids", made.text()}});
  return Unexpected(done.error());
}

}  // namespace

bool has_room(Session& s, const Mailbox& m, uint64_t bytes, uint64_t messages) {
  auto r = m.account->admit(m.other ? m.other->is.quota : s.options().quota, bytes, messages);
  if (r) return true;
  if (r.error().sys == EDQUOT) s.no("[OVERQUOTA] " + r.error().what);
  else s.failed(r.error(), "cannot read the mailbox");
  return false;
}

void cmd_copy(Session& s, Cursor& c) {
  View& v = *s.view();
  bool move = s.command() == "MOVE";
  std::vector<std::size_t> chosen;
  std::string name;
  if (!s.messages(c, chosen) || !take_mailbox(s, c, name) || !s.end(c)) return;
  uint32_t lowest = s.limit(chosen);
  if (lowest && !move) return s.too_many(lowest);
  expect_changes(chosen);
  if (move && v.is_read_only()) return s.no("the mailbox is open for reading only");
  // RFC 6851 §4.4: as STORE of \Deleted and EXPUNGE.
  if (move && !(v.may('t') && v.may('e'))) return s.no("[NOPERM] you have not the right to take messages away from here");
  auto to = mailbox_with(s, name, "i", "TRYCREATE");
  if (!to) return;
  store::UidSet uids;
  uint64_t bytes = 0;
  if (!present(v, chosen, uids, &bytes)) return s.no("[EXPUNGEISSUED] some of the messages are gone");
  store::Account& from = s.selected_account();
  bool is_within = to->account == &from;
  if (!(is_within && move) && !has_room(s, *to, bytes, chosen.size())) return;
  auto target = to->account->folder(to->info->id);
  if (!target) return s.failed(target.error(), "cannot open the mailbox");
  bool by_reference = is_within && to->may('s') && to->may('t') && to->may('w');
  auto pairs = by_reference ? (*target)->copy_from(v.folder(), uids, move) : copy_bytes({v, from, *to, **target, uids, move});
  if (!pairs && pairs.error().fault == Fault::perm && pairs.error().sys == 0) return s.no("[LIMIT] " + pairs.error().what);
  if (!pairs) return s.failed(pairs.error(), "cannot copy");
  std::string code;
  if (!pairs->empty()) {
    store::UidSet old, fresh;
    for (auto [a, b] : *pairs) old.add(a), fresh.add(b);
    s.mine(**target, fresh);
    code = fmt::format("[COPYUID {} {} {}] ", (*target)->state().uid_validity(), old.text(), fresh.text());
  }
  if (!(is_within && move)) s.tell_stored(*to, "", bytes, pairs->size());
  if (!move) return s.ok(code + "COPY done");
  // RFC 6851 §4.3: COPYUID before the EXPUNGEs.
  if (!code.empty()) s.out() += "* OK " + code + "moved\r\n";
  s.limited(lowest);
  s.ok("MOVE done");
}

}  // namespace jd::imap
