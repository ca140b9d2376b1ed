// SPDX-License-Identifier: MIT
// responder.h: proves to an ACME server that a host name is ours: HTTP-01 (RFC 8555 §8.3) or TLS-ALPN-01
// (RFC 8737).
//
// bind() takes the addresses with full rights and does not listen: other programs may use the ports.  While
// an order is under way start() listens and stop() ends it; an address that another program listens on is
// an Error of start().  Whatever is not a challenge of ours is answered 404, and nothing is logged of it.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/auth/jose.h"
#include "lib/base/fd.h"
#include "lib/net/listener.h"
#include "lib/net/loop.h"
#include "lib/net/tls.h"

namespace jd {

class Responder {
 public:
  // dir: where a challenge's certificate is written for a moment.
  Responder(net::Loop& loop, bool is_tls, std::string dir) : loop_(loop), is_tls_(is_tls), dir_(std::move(dir)) {}
  ~Responder();
  Status bind(const std::vector<std::string>& addresses);
  Status start();
  void stop();  // and forgets all challenges
  const char* type() const { return is_tls_ ? "tls-alpn-01" : "http-01"; }
  // proof: the key authorization (RFC 8555 §8.1).
  Status answer(const std::string& name, const std::string& token, const std::string& proof);

 private:
  struct Visit;
  struct Place { std::string address; Fd socket; };
  void accept(Fd fd);
  net::Loop& loop_;
  bool is_tls_;
  std::string dir_;
  std::vector<Place> places_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::map<std::string, std::string> proofs_;  // by token
  std::shared_ptr<net::TlsContext> tls_;
};

}  // namespace jd
