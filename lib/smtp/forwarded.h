// SPDX-License-Identifier: MIT
// forwarded.h: what a trusted front end says of its client: the attributes of XCLIENT and XFORWARD.
//
//   attribute := name "=" value    value: xtext, or [UNAVAILABLE] or [TEMPUNAVAIL], which mean nothing
// As in Postfix's XCLIENT_README and XFORWARD_README; names in any case.  Pure, linear.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jd::smtp {

enum class Speech : uint8_t { xclient, xforward };

// Absent: not said; empty: known to be unknown.
struct Attributes {
  std::optional<std::string> name, ip, port, proto, helo, login, dest_ip, dest_port, ident, source;
};
std::string_view attribute_names(Speech speech);  // for EHLO
// false: an attribute is unknown, twice there or has a value that is none; `to` is then half filled.
// An address comes without "IPV6:" in its usual form.
bool read_attributes(Speech speech, std::string_view text, Attributes& to);

}  // namespace jd::smtp
