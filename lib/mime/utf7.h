// SPDX-License-Identifier: MIT
// utf7.h: modified UTF-7, in which IMAP and Maildir name folders (RFC 3501 §5.1.3).  Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::mime {

std::string to_utf7(std::string_view utf8);  // malformed sequences become U+FFFD
// nullopt: not modified UTF-7.  Names in plain UTF-8 are taken too, as many clients send them.
std::optional<std::string> from_utf7(std::string_view wire);

}  // namespace jd::mime
