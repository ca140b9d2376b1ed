// SPDX-License-Identifier: MIT
// preface.h: connections from proxies before they are sessions: each must say first whom it is for.
//
// The header is looked at where it lies and then taken off the socket to its last byte, so that what
// is behind it, be it SMTP or the first message of TLS, is the session's.  Ten seconds, 256 at a time.
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>

#include "lib/base/fd.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace jd {

class Prefaces {
 public:
  using Done = std::function<void(Fd, const net::Address& client)>;
  explicit Prefaces(net::Loop& loop);
  ~Prefaces();
  // done is called when the header is whole; never when there is none: the connection is closed then.
  void take(Fd fd, const net::Address& proxy, Done done);
  bool is_full() const { return all_.size() >= 256; }

 private:
  struct One;
  void ready(One& one);
  void refuse(One& one, const std::string& why);
  std::unique_ptr<One> remove(One& one);
  net::Loop& loop_;
  std::unordered_map<int, std::unique_ptr<One>> all_;
};

}  // namespace jd
