// SPDX-License-Identifier: MIT
// cmd_any.cc: CAPABILITY NOOP CHECK LOGOUT ID ENABLE NAMESPACE IDLE COMPRESS.
#include <algorithm>

#include "lib/base/args.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"

namespace jd::imap {

void cmd_capability(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  s.out() += "* CAPABILITY " + offered(s.options().message_limit) + "\r\n";
  s.ok("that is all");
}

void cmd_noop(Session& s, Cursor& c) {
  if (s.end(c)) s.ok(std::string(s.command()) + " done");
}

void cmd_logout(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  s.unselect();
  s.out() += "* BYE see you\r\n";
  s.ok("logged out");
  s.log_out();
}

// RFC 2971: what the client says of itself is read and not kept.
void cmd_id(Session& s, Cursor& c) {
  if (!c.space()) return s.bad("ID takes a list or NIL");
  std::string text;
  if (c.is('(')) {
    for (int n = 0; !c.is(')'); ++n) {
      if ((n && !c.space()) || !(n % 2 ? c.nstring(text) : c.string(text)) || n >= 60)
        return s.bad("ID takes pairs of strings");
    }
  } else if (!c.nstring(text) || !text.empty()) {
    return s.bad("ID takes a list or NIL");
  }
  if (!s.end(c)) return;
  s.out() += "* ID (\"name\" \"jdmail\" \"version\" \"" + std::string(version) + "\")\r\n";
  s.ok("nice to know");
}

namespace {
constexpr std::pair<std::string_view, Ext> extensions[] = {
    {"CONDSTORE", Ext::condstore}, {"QRESYNC", Ext::qresync}, {"IMAP4rev2", Ext::rev2}, {"UTF8=ACCEPT", Ext::utf8}, {"UIDONLY", Ext::uidonly}};
}

// RFC 5161: names that nobody knows, or that are on, are passed over.
void cmd_enable(Session& s, Cursor& c) {
  std::string name, told;
  std::vector<Ext> wanted;
  do {
    if (!c.space() || !c.atom(name)) return s.bad("ENABLE takes names of capabilities");
    for (auto& [known, ext] : extensions)
      if (iequals(name, known)) wanted.push_back(ext);
  } while (!c.is_end());
  for (auto& [known, ext] : extensions)
    if (std::find(wanted.begin(), wanted.end(), ext) != wanted.end() && s.enable(ext)) told += " " + std::string(known);
  s.out() += "* ENABLED" + told + "\r\n";
  s.ok("ENABLE done");
}

void cmd_namespace(Session& s, Cursor& c) {
  if (!s.end(c)) return;
  s.out() += "* NAMESPACE ((\"\" \"/\")) ((\"" + std::string(others_prefix) + "\" \"/\")) NIL\r\n";  // RFC 2342
  s.ok("NAMESPACE done");
}

void cmd_idle(Session& s, Cursor& c) {  // RFC 2177
  if (!s.end(c)) return;
  s.sync();
  s.out() += "+ idling\r\n";
  s.idle();
}

void cmd_compress(Session& s, Cursor& c) {  // RFC 4978
  std::string how;
  if (!c.space() || !c.atom(how)) return s.bad("COMPRESS DEFLATE");
  if (!s.end(c)) return;
  if (!iequals(how, "DEFLATE")) return s.no("no other way of compressing is known: DEFLATE");
  if (s.is_compressed()) return s.no("[COMPRESSIONACTIVE] DEFLATE is on");
  if (!s.compress()) return s.no("[UNAVAILABLE] no memory for it now");
  s.ok("DEFLATE begins");
}

}  // namespace jd::imap
