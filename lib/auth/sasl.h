// SPDX-License-Identifier: MIT
// sasl.h: a door's side of SASL: PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 and -PLUS (RFC 5802, 7677),
// OAUTHBEARER (RFC 7628) and XOAUTH2, as a machine without I/O.
//
// Lines come and go base64-encoded as SMTP AUTH (RFC 4954), IMAP AUTHENTICATE (RFC 3501) and POP3
// AUTH (RFC 5034) carry them; the protocol adds its own prefix ("334 ", "+ ").
//
//   Exchange x = *Exchange::start("PLAIN", offer);
//   auto step = x.first(initial response or nullopt);
//   while step is challenge: send step.challenge, read a line, step = x.next(line)
//   done: ask the directory with x.credentials();  cancelled ("*") and malformed are told apart for the reply.
// PLAIN and LOGIN are understood here and end in a name and a password.  Of the others a door
// understands nothing: each message is done() and goes to the directory, which answers with a verdict
// or with what to send next: step = x.go_on(challenge, exchange), and on as above.
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
  std::string mechanism;   // "": user and password; else the directory speaks it
  Secret message;          // of the client, decoded
  std::string exchange;    // the directory's name for what has been said before; "" at first
};

// What a door can offer on a connection.
struct Offer {
  bool is_tls = false;      // then there are channel bindings
  bool has_tokens = false;  // somebody is configured who knows them
};

class Exchange {
 public:
  enum class State { challenge, done, cancelled, malformed };
  struct Step {
    State state;
    std::string challenge;  // base64
  };
  static std::optional<Exchange> start(std::string_view mechanism, Offer offer = {});  // nullopt: not offered
  Step first(std::optional<std::string_view> initial_response);      // "=" is an empty one
  Step next(std::string_view line);
  Step go_on(std::string_view challenge, const std::string& exchange);  // bytes of the directory's
  const Credentials& credentials() const { return credentials_; }

 private:
  enum class Wait { plain, user, password, message };
  explicit Exchange(Wait wait) : wait_(wait) {}
  Step take(std::string decoded);
  Wait wait_;
  Credentials credentials_;
};

std::vector<std::string> mechanisms(Offer offer);  // as advertised

}  // namespace jd::auth
