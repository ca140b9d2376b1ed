// SPDX-License-Identifier: MIT
// message_url.h: an IMAP URL that names a message of this account, or a part of it (RFC 5092, RFC 4469).
//
//   /mailbox[;UIDVALIDITY=n]/;UID=n[/;SECTION=section][/;PARTIAL=from[.count]]
// Mailbox and section are %-encoded UTF-8.  Only this form: a URL with a host names another server as
// far as we know, and URLAUTH is not spoken.  Pure; linear.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jd::imap {

struct MessageUrl {
  std::string mailbox;
  uint32_t uid_validity = 0, uid = 0;  // validity 0: not said
  std::string section;                 // for mime::section()
  std::vector<std::string> fields;     // of HEADER.FIELDS
  bool all_but = false;
  std::optional<std::pair<uint64_t, uint64_t>> partial;  // from, count
};

std::optional<MessageUrl> parse_message_url(std::string_view url);

}  // namespace jd::imap
