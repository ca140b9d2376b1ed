// SPDX-License-Identifier: MIT
// unbound.h: the real resolver: libunbound with its cache, its thread and, on wish, DNSSEC.
//
// open() reads /etc/resolv.conf and /etc/hosts, so call it before chroot.  The thread begins with the
// first question: after fork() and with clone(2) allowed.  Answers come through a pipe that the Loop watches.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/dns/resolver.h"

namespace jd::dns {

struct UnboundOptions {
  // "192.0.2.53", "127.0.0.1:5353" or "2001:db8::1@5353": ask these.  Empty: those of resolv.conf; when
  // it has none, the root servers and down.
  std::vector<std::string> servers;
  // Zone-file lines that are answered from here, such as "mx.test. A 127.0.0.1" (private names, tests).
  std::vector<std::string> local;
  // DS or DNSKEY lines of the root, as in /usr/share/dns/root.key.  Empty: nothing is validated.
  std::vector<std::string> trust_anchors;
};

class UnboundResolver : public Resolver {
 public:
  // usage: an option is wrong; temp: no memory or no resolver.
  static Result<std::unique_ptr<UnboundResolver>> open(net::Loop& loop, const UnboundOptions& options);
  ~UnboundResolver() override;

 protected:
  void start(uint64_t question, const std::string& name, Type type) override;
  void abandon(uint64_t question) override;

 private:
  struct State;
  UnboundResolver(net::Loop& loop, std::unique_ptr<State> state);
  void process();
  std::unique_ptr<State> state_;
};

}  // namespace jd::dns
