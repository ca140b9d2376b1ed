// SPDX-License-Identifier: MIT
// xtext.h: text within a parameter of SMTP: "+2B" stands for "+" (RFC 3461 §4).  Pure, linear.
//
//   xtext := *( xchar / "+" 2HEXDIG )     xchar: 33 to 126 without "+" and "="; hex in capitals, but
//                                         small letters are taken too
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::smtp {

bool is_xtext(std::string_view s);
std::optional<std::string> decode_xtext(std::string_view s);  // any bytes come out, NUL too
std::string encode_xtext(std::string_view s);

}  // namespace jd::smtp
