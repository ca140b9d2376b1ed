// SPDX-License-Identifier: MIT
// cmd_select.cc: SELECT EXAMINE CLOSE UNSELECT EXPUNGE and UID EXPUNGE.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"
#include "lib/imap/object_id.h"
#include "lib/imap/resync.h"

namespace jd::imap {

bool take_mailbox(Session& s, Cursor& c, std::string& name) {
  std::string wire;
  if (!c.space() || !c.astring(wire)) return s.bad("expected the name of a mailbox"), false;
  auto utf8 = name_of(s, wire);
  if (!utf8) return s.bad(s.is_utf8() ? "the name of the mailbox is not UTF-8" : "the name of the mailbox is not in modified UTF-7"), false;
  name = std::move(*utf8);
  return true;
}

std::optional<std::string> name_of(const Session& s, std::string_view wire) {
  if (!s.is_utf8()) return from_utf7(wire);
  if (!is_utf8(wire)) return {};
  return std::string(wire);
}

void append_mailbox(const Session& s, std::string& out, std::string_view name) {
  if (!s.is_utf8()) return append_astring(out, to_utf7(name));
  if (is_ascii(name)) return append_astring(out, name);
  out += '"';
  for (char ch : name) {
    if (ch == '"' || ch == '\\') out += '\\';
    out += ch;
  }
  out += '"';
}

namespace {
struct SelectWith {
  bool condstore = false;
  std::optional<Resync> resync;
};
// " (CONDSTORE)", " (QRESYNC (...))" (RFC 7162 §3.1.8, §3.2.5), if it is there.
bool take_with(Cursor& c, SelectWith& w) {
  if (c.is_end()) return true;
  if (!c.space() || !c.is('(')) return false;
  std::string word;
  do {
    if (!c.atom(word)) return false;
    if (iequals(word, "CONDSTORE")) w.condstore = true;
    else if (!iequals(word, "QRESYNC") || w.resync || !take_resync(c, w.resync.emplace())) return false;
  } while (c.space());
  return c.is(')');
}

// What happened since the client was here last.
void put_resync(Session& s, const Resync& r) {
  View& v = *s.view();
  auto& state = v.folder().state();
  if (r.uid_validity != state.uid_validity()) return;
  if (auto gone = vanished(state, without_matched(state, r), r.mod_seq); !gone.empty())
    s.out() += "* VANISHED (EARLIER) " + gone.text() + "\r\n";
  store::UidSet known;
  SequenceSet sorted = r.known;
  std::sort(sorted.begin(), sorted.end());
  for (auto [a, b] : sorted) known.add(a, b);
  for (std::size_t i = 0; i < v.size(); ++i) {
    const store::Entry* e = v.live(i);
    if (!e || e->mod_seq <= r.mod_seq || (!known.empty() && !known.contains(e->uid))) continue;
    put_fetch_head(s, i, e->uid, true);
    s.out() += fmt::format("FLAGS {} MODSEQ ({}))\r\n", v.flags(*e, s.is_recent(i)), e->mod_seq);
    s.flush_if_full();
  }
}
}  // namespace

void cmd_select(Session& s, Cursor& c) {
  std::string name;
  SelectWith with;
  if (!take_mailbox(s, c, name)) return;
  if (!take_with(c, with)) return s.bad("SELECT takes (CONDSTORE) or (QRESYNC (...)) behind the name");
  if (!s.end(c)) return;
  if (with.resync && !s.has(Ext::qresync)) return s.bad("QRESYNC takes ENABLE QRESYNC first");
  if (with.resync && !with.resync->match_seqs.empty() && s.has(Ext::uidonly)) return s.bad("[UIDREQUIRED] no sequence numbers");
  if (with.condstore) s.enable(Ext::condstore);
  bool read_only = s.command() == "EXAMINE";
  // RFC 7162 §3.2.11, RFC 9051 §7.1: what follows is about another mailbox.
  if (s.view()) s.out() += "* OK [CLOSED] the mailbox before is closed\r\n";
  s.unselect();
  auto m = mailbox_with(s, name, "r");
  if (!m) return;
  auto opened = s.select(*m, read_only);
  if (!opened) return s.failed(opened.error(), "cannot open the mailbox");
  View& v = **opened;
  auto& state = v.folder().state();
  auto& out = s.out();
  out += "* FLAGS (" + v.all_flags() + ")\r\n";
  out += fmt::format("* {} EXISTS\r\n", v.size());
  if (s.has(Ext::rev2)) put_list_line(s, *m, name);
  else out += fmt::format("* {} RECENT\r\n", v.recent());
  if (state.unseen() && !s.has(Ext::rev2) && !s.has(Ext::uidonly)) out += fmt::format("* OK [UNSEEN {}] first unseen\r\n", state.first_unseen() + 1);
  out += "* OK [PERMANENTFLAGS (" + v.permanent_flags() + (v.is_read_only() ? ")] none here\r\n" : ")] may be kept\r\n");
  out += fmt::format("* OK [UIDVALIDITY {}] same UIDs\r\n* OK [UIDNEXT {}] next UID\r\n", state.uid_validity(),
                     state.uid_next());
  out += fmt::format("* OK [MAILBOXID ({})] its id\r\n* OK [HIGHESTMODSEQ {}] last change\r\n", mailbox_id_of(s, *m), state.mod_seq());
  if (with.resync) put_resync(s, *with.resync);
  s.ok(fmt::format("[{}] {} done", v.is_read_only() ? "READ-ONLY" : "READ-WRITE", s.command()));
}

namespace {
store::UidSet deleted_of(const View& v) {
  store::UidSet out;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const store::Entry* e = v.live(i);
    if (e && e->flags & store::deleted) out.add(e->uid);
  }
  return out;
}

// RFC 7162 §3.2.7, §3.2.8: so that the client need not ask for it.
std::string expunged_code(Session& s, const store::UidSet& gone) {
  if (gone.empty() || !s.has(Ext::condstore)) return "";
  return fmt::format("[HIGHESTMODSEQ {}] ", s.view()->folder().state().mod_seq());
}
}  // namespace

void cmd_close(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  View& v = *s.view();
  store::UidSet gone;
  if (v.may('e')) gone = deleted_of(v);  // RFC 4314 §4: without the right nothing is expunged, and that is well
  if (auto r = v.folder().expunge(gone, store::Folder::Which::deleted); !r) return s.failed(r.error(), "cannot expunge");
  std::string code = expunged_code(s, gone);
  s.unselect();  // RFC 3501 §6.4.2: no EXPUNGE is told
  s.ok(code + "CLOSE done");
}

void cmd_unselect(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  s.unselect();
  s.ok("UNSELECT done");
}

void cmd_expunge(Session& s, Cursor& c) {
  View& v = *s.view();
  store::UidSet gone;
  uint32_t lowest = 0;
  if (s.is_uid()) {  // RFC 4315 §2.1
    std::vector<std::size_t> chosen;
    if (!s.messages(c, chosen)) return;
    std::erase_if(chosen, [&](std::size_t i) {
      const store::Entry* e = v.live(i);
      return !e || !(e->flags & store::deleted);
    });
    lowest = s.limit(chosen);  // RFC 9738 §3.1: EXPUNGE and CLOSE have no limit
    for (auto i : chosen) gone.add(v.uid(i));
  } else {
    gone = deleted_of(v);
  }
  if (!s.end(c)) return;
  if (v.is_read_only()) return s.no("the mailbox is open for reading only");
  if (!v.may('e')) return s.no("[NOPERM] you have not the right to expunge here");
  if (auto r = v.folder().expunge(gone, store::Folder::Which::deleted); !r) return s.failed(r.error(), "cannot expunge");
  s.limited(lowest);
  s.ok(expunged_code(s, gone) + "EXPUNGE done");
}

}  // namespace jd::imap
