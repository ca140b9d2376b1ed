// SPDX-License-Identifier: MIT
// cmd_search.cc: SEARCH and UID SEARCH.
#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/imap/command.h"
#include "lib/imap/search.h"

namespace jd::imap {

void cmd_search(Session& s, Cursor& c) {
  View& v = *s.view();
  SearchKey key;
  SearchMistake mistake;
  if (!c.space()) return s.bad("SEARCH what?");
  if (!take_search(c, key, mistake)) {
    if (mistake.is_charset) return s.no("[BADCHARSET (UTF-8 US-ASCII)] " + mistake.why);
    return s.bad(mistake.why);
  }
  settle(key, v);
  std::string found = "* SEARCH";
  std::size_t damaged = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const store::Entry* e = v.folder().state().find(v.uid(i));
    if (!e) continue;
    auto has = has_key(key, v, i, *e, s.cache());
    if (!has) {
      ++damaged;
      log::failure("imap_message_unreadable", has.error(), {{"uid", e->uid}});
    } else if (*has) {
      found += fmt::format(" {}", s.is_uid() ? e->uid : static_cast<uint32_t>(i + 1));
    }
  }
  s.out() += found + "\r\n";
  if (damaged) return s.no(fmt::format("[SERVERBUG] {} of the messages cannot be read", damaged));
  s.ok("SEARCH done");
}

}  // namespace jd::imap
