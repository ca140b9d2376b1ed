// SPDX-License-Identifier: MIT
// cmd_select.cc: SELECT EXAMINE CLOSE UNSELECT EXPUNGE and UID EXPUNGE.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"

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

void cmd_select(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  bool read_only = s.command() == "EXAMINE";
  // RFC 7162 §3.2.11, RFC 9051 §7.1: what follows is about another mailbox.
  if (s.view()) s.out() += "* OK [CLOSED] the mailbox before is closed\r\n";
  auto opened = s.select(name, read_only);
  if (!opened) {
    if (!s.account().tree().find(name)) return s.no("[NONEXISTENT] there is no such mailbox");
    return s.failed(opened.error(), "cannot open the mailbox");
  }
  View& v = **opened;
  auto& state = v.folder().state();
  auto& out = s.out();
  out += "* FLAGS (" + v.all_flags() + ")\r\n";
  out += fmt::format("* {} EXISTS\r\n* {} RECENT\r\n", v.size(), v.recent());
  if (state.unseen()) out += fmt::format("* OK [UNSEEN {}] first unseen\r\n", state.first_unseen() + 1);
  out += read_only ? "* OK [PERMANENTFLAGS ()] none here\r\n"
                   : "* OK [PERMANENTFLAGS (" + v.all_flags() + " \\*)] may be kept\r\n";
  out += fmt::format("* OK [UIDVALIDITY {}] same UIDs\r\n* OK [UIDNEXT {}] next UID\r\n", state.uid_validity(),
                     state.uid_next());
  s.ok(read_only ? "[READ-ONLY] EXAMINE done" : "[READ-WRITE] SELECT done");
}

namespace {
store::UidSet deleted_of(const View& v) {
  store::UidSet out;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const store::Entry* e = v.folder().state().find(v.uid(i));
    if (e && e->flags & store::deleted) out.add(e->uid);
  }
  return out;
}
}  // namespace

void cmd_close(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  View& v = *s.view();
  Status r;
  if (!v.is_read_only()) r = v.folder().expunge(deleted_of(v));
  if (!r) return s.failed(r.error(), "cannot expunge");
  s.unselect();  // RFC 3501 §6.4.2: no EXPUNGE is told
  s.ok("CLOSE done");
}

void cmd_unselect(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  s.unselect();
  s.ok("UNSELECT done");
}

void cmd_expunge(Session& s, Cursor& c) {
  View& v = *s.view();
  store::UidSet gone;
  if (s.is_uid()) {  // RFC 4315 §2.1
    std::vector<std::size_t> chosen;
    if (!s.messages(c, chosen)) return;
    for (auto i : chosen) {
      const store::Entry* e = v.folder().state().find(v.uid(i));
      if (e && e->flags & store::deleted) gone.add(e->uid);
    }
  } else {
    gone = deleted_of(v);
  }
  if (!s.end(c)) return;
  if (v.is_read_only()) return s.no("the mailbox is open for reading only");
  if (auto r = v.folder().expunge(gone); !r) return s.failed(r.error(), "cannot expunge");
  s.ok("EXPUNGE done");
}

}  // namespace jd::imap
