// SPDX-License-Identifier: MIT
// mailbox_filter.h: which mailboxes a command means: "SUBTREE (a b)", "PERSONAL" (RFC 5465 §6, RFC 7377 §2.2).
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/imap/lexer.h"
#include "lib/imap/session.h"

namespace jd::imap {

struct MailboxFilter {
  enum class Kind : uint8_t { selected, selected_delayed, inboxes, personal, subscribed, subtree, subtree_one, mailboxes };
  Kind kind = Kind::selected;
  std::vector<std::string> names;  // of the last three; UTF-8; there may be no such mailbox
  bool is_selected() const { return kind == Kind::selected || kind == Kind::selected_delayed; }
};

constexpr std::size_t max_filter_names = 1000;

// One of them off the command, its names decoded as this client writes them.  false: `why`.
bool take_mailbox_filter(const Session& s, Cursor& c, MailboxFilter& out, std::string& why);
// Not of the selected ones, which depend on more than a name.  inboxes are all: a filter script may
// deliver anywhere.
bool covers(const MailboxFilter& f, std::string_view name, const std::set<std::string>& subscriptions);

}  // namespace jd::imap
