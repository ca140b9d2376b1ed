// SPDX-License-Identifier: MIT
// mailbox_name.h: folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3), UTF-8 inside.  Pure.
#pragma once
#include <string_view>

#include "lib/mime/utf7.h"

namespace jd::imap {

using mime::from_utf7;
using mime::to_utf7;

// LIST's patterns: '*' is anything, '%' anything without '/'; INBOX in any case.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace jd::imap
