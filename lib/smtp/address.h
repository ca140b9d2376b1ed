// SPDX-License-Identifier: MIT
// address.h: the paths of MAIL and RCPT, RFC 5321 §4.1.2 and RFC 6531 §3.3.  Pure, linear.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::smtp {

struct Path {
  std::string address;      // "local@domain"; "" for <>; "postmaster" alone is allowed in RCPT
  bool needs_utf8 = false;  // has bytes >= 128
};
// Takes "<...>" off the front of `in`; a source route is accepted and ignored (§4.1.1.3).
// nullopt: syntax error.  Limits: 64 octets local, 255 domain, 254+2 path (§4.5.3.1).
std::optional<Path> take_path(std::string_view& in);
bool is_domain(std::string_view s);          // host name or address literal, U-labels too

}  // namespace jd::smtp
