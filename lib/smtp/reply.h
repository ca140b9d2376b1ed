// SPDX-License-Identifier: MIT
// reply.h: one answer of the server's, as the client gets it.
#pragma once
#include <string>

namespace jd::smtp {

struct Reply {
  int code;
  std::string enhanced;  // "5.1.1" (RFC 3463, 5248); empty where RFC 2034 has none (greeting, EHLO, 3xx)
  std::string text;      // of several lines when it has '\n'
};
inline Reply no_room() { return {452, "4.3.1", "too much mail is coming in at once; try again later"}; }
std::string format(const Reply& r);  // "550 5.1.1 text" CRLF

}  // namespace jd::smtp
