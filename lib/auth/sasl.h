// SPDX-License-Identifier: MIT
// sasl.h: the server's side of SASL PLAIN (RFC 4616) and LOGIN, as a machine without I/O.
//
// Lines come and go base64-encoded as SMTP AUTH (RFC 4954), IMAP AUTHENTICATE (RFC 3501) and POP3
// AUTH (RFC 5034) carry them; the protocol adds its own prefix ("334 ", "+ ").
//
//   Exchange x = *Exchange::start("PLAIN");
//   auto step = x.first(initial response or nullopt);
//   while step is challenge: send step.challenge, read a line, step = x.next(line)
//   done: x.credentials();  cancelled ("*") and malformed are told apart for the reply.
// A line is at most 12,288 bytes (RFC 4954 §4).  Names are UTF-8, checked; NUL is refused.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/secret.h"

namespace jd::auth {

struct Credentials {
  std::string user;        // the authentication identity
  std::string act_as;      // the authorization identity; "" when it is the same
  Secret password;
};

class Exchange {
 public:
  enum class State { challenge, done, cancelled, malformed };
  struct Step {
    State state;
    std::string challenge;  // base64
  };
  static std::optional<Exchange> start(std::string_view mechanism);  // nullopt: unknown
  Step first(std::optional<std::string_view> initial_response);      // "=" is an empty one
  Step next(std::string_view line);
  const Credentials& credentials() const { return credentials_; }

 private:
  enum class Wait { plain, user, password };
  explicit Exchange(bool is_plain) : wait_(is_plain ? Wait::plain : Wait::user) {}
  Step take(std::string decoded);
  Wait wait_;
  Credentials credentials_;
};

const std::vector<std::string>& mechanisms();  // as advertised

}  // namespace jd::auth
