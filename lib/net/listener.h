// SPDX-License-Identifier: MIT
// listener.h: sockets that accept.
//
// listen_on binds (the errno stays in Error::sys: EADDRINUSE, EACCES); the master of a daemon does it
// before the rights are dropped.  A Listener accepts under a Loop: at most 64 a turn, shared by
// several processes (EPOLLEXCLUSIVE).  Out of descriptors: one connection is taken and closed, the
// rest wait a second.  With when_full() it does not come to that: one that is full, by its own count or
// because the last descriptors are kept for the work on the connections that stand, leaves new ones to
// the other processes for a moment, and who is then still waiting is told and closed.  It is logged,
// "out_of_descriptors" or "too_many_connections", at most once a second.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace jd::net {

// A Unix path that nobody listens on any more is removed first; `mode` is for Unix sockets.
Result<Fd> listen_on(const Address& at, unsigned mode = 0600);

class Listener {
 public:
  // accepted: a non-blocking socket and who it is from.
  Listener(Loop& loop, Fd socket, std::function<void(Fd, const Address& peer)> accepted);
  ~Listener();  // also inside `accepted`
  // Before start(): `text` is sent to whom there is no room for; of the descriptors so many, at most a
  // quarter, are kept; `is_full` is asked once a turn.
  void when_full(std::string text, uint64_t kept_descriptors, std::function<bool()> is_full) {
    text_ = std::move(text), reserve_ = kept_descriptors, is_full_ = std::move(is_full);
  }
  Status start();
  void stop();  // closes: what is in the backlog of a shared socket is the others'
  const Address& address() const { return address_; }

 private:
  void accept(bool overdue);  // overdue: nobody else took what waits
  bool is_full() const;
  void turn_away(Fd fd, const char* why);
  Loop& loop_;
  Fd socket_, spare_;
  std::function<void(Fd, const Address&)> accepted_;
  Watch watch_;
  Timer pause_;
  bool* gone_ = nullptr;  // set when this goes inside its callback
  Address address_;
  uint64_t reserve_ = 0, last_ = UINT64_MAX;  // from `last_` on a descriptor is of the reserve
  std::string text_;
  std::function<bool()> is_full_;
  std::optional<Time> logged_;
};

}  // namespace jd::net
