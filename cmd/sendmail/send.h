// SPDX-License-Identifier: MIT
// send.h: hands a message to queue-inject: by its socket, or, when the daemons are down, by its command.
//
// The message is durable when status is 0.  A service that took the message and then fell silent is
// not followed by the command: the message might be there twice.  Blocks.
#pragma once
#include <string>

#include "lib/base/config.h"
#include "lib/queue/envelope.h"

namespace jd::sendmail {

struct Sent {
  int status = 0;       // sysexits.h
  std::string qid;      // known by the service only
  std::string what;     // why not
};
Sent send(const Paths& paths, queue::Envelope envelope, const std::string& message);

}  // namespace jd::sendmail
