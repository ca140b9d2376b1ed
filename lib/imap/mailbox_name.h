// SPDX-License-Identifier: MIT
// mailbox_name.h: folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3), UTF-8 inside.  Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::imap {

std::string to_utf7(std::string_view utf8);  // malformed sequences become U+FFFD
// nullopt: not modified UTF-7.  Names in plain UTF-8 are taken too, as many clients send them.
std::optional<std::string> from_utf7(std::string_view wire);

// LIST's patterns: '*' is anything, '%' anything without '/'; INBOX in any case.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace jd::imap
