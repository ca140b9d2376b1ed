// SPDX-License-Identifier: MIT
// cmd_quota.cc: GETQUOTA and GETQUOTAROOT (RFC 9208).  One root, named "", over all mailboxes; its limits
// are the account's and are set by the operator, so QUOTASET is not offered.  That of a mailbox of another
// is named by his address.
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
  Mailbox m;
  if (by_mailbox) {
    auto found = mailbox_with(s, name, "r");
    if (!found) return;
    m = *found;
  } else {
    m.account = &s.account();
    if (auto r = m.account->tree().refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  }
  const Quota& limit = m.other ? m.other->is.quota : s.options().quota;
  if (!by_mailbox && (!name.empty() || !limit.limits_account())) return s.no("[NONEXISTENT] there is no such quota root");
  // Without a limit nothing is counted: what is counted once, each delivery keeps up to date.
  auto used = limit.limits_account() ? m.account->usage() : store::Usage{};
  if (!used) return s.failed(used.error(), "cannot read the mailbox");
  std::string root;
  append_string(root, m.other ? m.other->is.address : "");
  if (by_mailbox) {
    s.out() += "* QUOTAROOT ";
    append_mailbox(s, s.out(), name);
    s.out() += limit.limits_account() ? " " + root + "\r\n" : "\r\n";
  }
  // RFC 9208 §5.1: STORAGE counts in units of 1024 octets.
  std::string resources;
  if (limit.bytes) resources = fmt::format("STORAGE {} {}", (used->bytes + 1023) / 1024, limit.bytes / 1024);
  if (limit.messages) resources += fmt::format("{}MESSAGE {} {}", resources.empty() ? "" : " ", used->messages, limit.messages);  // §5.2
  if (!resources.empty()) s.out() += fmt::format("* QUOTA {} ({})\r\n", root, resources);
  s.ok(std::string(s.command()) + " done");
}

void cmd_setquota(Session& s, Cursor&) { s.no("[NOPERM] limits are set by the administrator"); }

}  // namespace jd::imap
