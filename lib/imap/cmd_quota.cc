// SPDX-License-Identifier: MIT
// cmd_quota.cc: GETQUOTA and GETQUOTAROOT (RFC 9208).  One root, named "", over all mailboxes; its limit
// is the account's and is set by the operator.
#include <fmt/format.h>

#include "lib/imap/command.h"

namespace jd::imap {

void cmd_quota(Session& s, Cursor& c) {
  bool by_mailbox = s.command() == "GETQUOTAROOT";
  std::string name;
  if (by_mailbox ? !take_mailbox(s, c, name) : !c.space() || !c.astring(name)) {
    if (!by_mailbox) s.bad("GETQUOTA takes the name of a root");
    return;
  }
  if (!s.end(c)) return;
  uint64_t limit = s.options().quota;
  auto& account = s.account();
  if (auto r = account.tree().refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  if (by_mailbox && !account.tree().find(name)) return s.no("[NONEXISTENT] there is no such mailbox");
  if (!by_mailbox && (!name.empty() || !limit)) return s.no("[NONEXISTENT] there is no such quota root");
  auto used = account.usage();
  if (!used) return s.failed(used.error(), "cannot read the mailbox");
  if (by_mailbox) {
    s.out() += "* QUOTAROOT ";
    append_mailbox(s, s.out(), name);
    s.out() += limit ? " \"\"\r\n" : "\r\n";
  }
  // RFC 9208 §5.1: STORAGE counts in units of 1024 octets.
  if (limit) s.out() += fmt::format("* QUOTA \"\" (STORAGE {} {})\r\n", (used->bytes + 1023) / 1024, limit / 1024);
  s.ok(std::string(s.command()) + " done");
}

}  // namespace jd::imap
