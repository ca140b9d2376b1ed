// SPDX-License-Identifier: MIT
// dnssec.h: a resolver that validates, where the name servers that it must ask let it.
//
// Many a network's resolver strips or breaks signatures; with those every validated answer would be
// bogus and no mail would go out at all.  So the first question is for the keys of the trust anchors:
//
//   validated             from now on, and for good, everything is validated
//   not (bogus, silence)  nothing is, a warning `dnssec_off` is logged, and the question is asked
//                         again every retry_time
// Questions wait for that first answer, at most probe_time.  Once it has worked nothing switches it
// off again: an attacker could otherwise.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/dns/resolver.h"

namespace jd::dns {

// The lines of a file such as /usr/share/dns/root.key, DS or DNSKEY, without comments.
std::vector<std::string> trust_anchors(std::string_view file);
// The names that they are for, with the last dot.
std::vector<std::string> anchor_names(const std::vector<std::string>& anchors);

class ProbingResolver : public Resolver {
 public:
  static constexpr Span probe_time = seconds(5), retry_time = minutes(5);
  // names: of the trust anchors that `validating` has.
  ProbingResolver(net::Loop& loop, std::unique_ptr<Resolver> validating, std::unique_ptr<Resolver> plain, std::vector<std::string> names);
  bool is_validating() const { return state_ == State::secure; }

 protected:
  void start(uint64_t question, const std::string& name, Type type) override;
  void abandon(uint64_t question) override;

 private:
  enum class State : uint8_t { unknown, secure, plain };
  struct Waiting { uint64_t question; std::string name; Type type; };
  void probe();
  void probed(const std::string& name, const Answer& a);
  void pass_on(uint64_t question, const std::string& name, Type type);

  State state_ = State::unknown;
  std::vector<std::string> names_;
  std::size_t open_ = 0;
  std::string failure_;
  std::deque<Waiting> waiting_;
  std::unordered_map<uint64_t, std::pair<Resolver*, uint64_t>> handles_;
  std::unique_ptr<Resolver> validating_, plain_;
  net::Timer again_;
};

}  // namespace jd::dns
