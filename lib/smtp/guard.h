// SPDX-License-Identifier: MIT
// guard.h: what the outside forbids a session, asked in the middle of feed() and answered at once.
//
// The engine knows the protocol; how often an address or an account may do something, and how much
// memory all sessions have together, its driver knows.  A refusal by the guard is no mistake of the
// client's: it counts for nothing.  One with 421 ends the session.
#pragma once
#include <optional>

#include "lib/smtp/reply.h"

namespace jd::smtp {

class Server;
struct ServerOptions;

struct Guard {
  enum class What : uint8_t { sender, recipient, message, session };
  virtual ~Guard() = default;
  virtual std::optional<Reply> may_mail(const Server&) = 0;     // MAIL that would be accepted
  virtual std::optional<Reply> may_rcpt(const Server&) = 0;     // RCPT before it is looked up
  virtual std::optional<Reply> may_receive(const Server&) = 0;  // DATA, and the first BDAT
  virtual void client_is(ServerOptions& options) = 0;           // after XCLIENT: what that client may
  virtual void refused(const Server&, What what, const Reply& reply) = 0;  // for the log
};

}  // namespace jd::smtp
