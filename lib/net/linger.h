// SPDX-License-Identifier: MIT
// linger.h: closes sockets so that our last words arrive.
//
// A socket that is closed while the peer still sends answers with a reset, and a reset destroys what
// the peer has not read yet: the "421" or "552" that says why.  So the end of our side is sent, and
// what the peer says is dropped, until it ends too or two seconds have passed.  One per Loop, which
// makes it when first wanted (Loop::linger).  At most 256 at a time; more are closed at once.
#pragma once
#include <memory>
#include <unordered_map>

#include "lib/base/fd.h"
#include "lib/net/loop.h"

namespace jd::net {

class Lingering {
 public:
  explicit Lingering(Loop& loop);
  ~Lingering();  // closes all
  void take(Fd socket);  // connected, all output given to the kernel, watched by nobody
  std::size_t size() const { return all_.size(); }

 private:
  struct One;
  void end(int fd);
  Loop& loop_;
  std::unordered_map<int, std::unique_ptr<One>> all_;
};

}  // namespace jd::net
