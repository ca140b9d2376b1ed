// SPDX-License-Identifier: MIT
// cmd_append.cc: APPEND (RFC 3501 §6.3.11) with APPENDUID (RFC 4315).
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/mime/date.h"

namespace jd::imap {

bool take_flag_list(Cursor& c, Flags& out, bool bare_allowed) {
  static constexpr std::pair<std::string_view, store::Flag> system[] = {{"\\seen", store::seen},
      {"\\answered", store::answered}, {"\\flagged", store::flagged}, {"\\deleted", store::deleted}, {"\\draft", store::draft}};
  bool in_list = c.is('(');
  if (!in_list && !bare_allowed) return false;
  if (in_list && c.is(')')) return true;
  std::string word;
  do {
    if (!c.flag(word) || out.keywords.size() > store::max_keywords) return false;
    if (word[0] != '\\') {
      if (word.size() > 255) return false;
      out.keywords.push_back(word);
      continue;
    }
    auto known = std::find_if(std::begin(system), std::end(system), [&](auto& f) { return iequals(f.first, word); });
    if (known != std::end(system)) out.system |= known->second;
    else if (!iequals(word, "\\recent")) return false;  // \Recent is nobody's to set: ignored
  } while (c.space());
  return !in_list || c.is(')');
}

void cmd_append(Session& s, Cursor& c) {
  std::string name, date, bytes;
  if (!take_mailbox(s, c, name)) return;
  if (!c.space()) return s.bad("APPEND takes a message");
  Flags flags;
  store::NewMessage m;
  if (c.peek() == '(' && (!take_flag_list(c, flags, false) || !c.space())) return s.bad("no such list of flags");
  if (c.peek() == '"') {
    if (!c.string(date) || !c.space()) return s.bad("APPEND takes a message");
    auto at = mime::parse_imap_date(date);
    if (!at) return s.bad("expected a date like \"17-Jul-1996 02:44:25 -0700\"");
    m.date = at->time.seconds();
  }
  if (!c.is_literal() || !c.string(bytes)) return s.bad("the message must come as a literal");
  if (!s.end(c)) return;
  if (bytes.find('\0') != bytes.npos) return s.no("[CANNOT] a message has no NUL bytes");
  auto& account = s.account();
  if (auto r = account.tree().refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  if (!account.tree().find(name)) return s.no("[TRYCREATE] there is no such mailbox");
  if (uint64_t quota = s.options().quota) {
    auto used = account.usage();
    if (!used) return s.failed(used.error(), "cannot read the mailbox");
    if (used->bytes + bytes.size() > quota)
      return s.no(fmt::format("[OVERQUOTA] mailbox is full: {} of {} used, this message has {}", size_text(used->bytes),
                              size_text(quota), size_text(bytes.size())));
  }
  auto folder = account.folder(name);
  if (!folder) return s.failed(folder.error(), "cannot open the mailbox");
  m.bytes = bytes;
  m.flags = flags.system;
  m.keywords = std::move(flags.keywords);
  auto uid = (*folder)->append(m, true);
  if (!uid && uid.error().fault == Fault::perm && uid.error().sys == 0) return s.no("[LIMIT] " + uid.error().what);
  if (!uid) return s.failed(uid.error(), "cannot keep the message");
  s.ok(fmt::format("[APPENDUID {} {}] APPEND done", (*folder)->state().uid_validity(), *uid));
}

}  // namespace jd::imap
