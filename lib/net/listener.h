// SPDX-License-Identifier: MIT
// listener.h: sockets that accept.
//
// listen_on binds (the errno stays in Error::sys: EADDRINUSE, EACCES); the master of a daemon does it
// before the rights are dropped.  A Listener accepts under a Loop: at most 64 a turn, shared by
// several processes (EPOLLEXCLUSIVE).  Out of descriptors: one connection is taken and closed, the
// rest wait a second.
#pragma once
#include <functional>
#include <memory>

#include "lib/base/fd.h"
#include "lib/base/result.h"
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
  Status start();
  void stop();  // closes: what is in the backlog of a shared socket is the others'
  const Address& address() const { return address_; }

 private:
  void accept();
  Loop& loop_;
  Fd socket_, spare_;
  std::function<void(Fd, const Address&)> accepted_;
  Watch watch_;
  Timer pause_;
  bool* gone_ = nullptr;  // set when this goes inside its callback
  Address address_;
};

}  // namespace jd::net
