// SPDX-License-Identifier: MIT
// idna.h: domain names in other scripts, and their ASCII form (RFC 5890, 5891; UTS 46, not transitional).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::mime {

// "b\u00fccher.example" -> "xn--bcher-kva.example", lower case.  What is ASCII already comes back as it is,
// in lower case.  Nothing: not UTF-8, or no such name can be registered.  Pure.
std::optional<std::string> to_ascii_domain(std::string_view domain);
// The other way, for people to read; what cannot be turned comes back as it is.
std::string to_unicode_domain(std::string_view domain);

}  // namespace jd::mime
