// SPDX-License-Identifier: MIT
// uidl_format.h: the text that POP3's UIDL shows for a message (access.pop3_uidl), so that clients of a
// server that was replaced do not fetch everything again.
//
// %u: the message's UID, %v: the mailbox's UIDVALIDITY, %%: a percent sign; between % and the letter an
// optional 0 (fill with zeros), a width of 1 to 10 and x or X (hexadecimal, in small letters both), as
// Dovecot's pop3_uidl_format has them; every other character is itself.  Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jd {

// nullopt: not such a format, without %u, or the text is none for RFC 1939 §7: 1 to 70 of 0x21 to 0x7E.
std::optional<std::string> uidl_text(std::string_view format, uint32_t uid_validity, uint32_t uid);

}  // namespace jd
