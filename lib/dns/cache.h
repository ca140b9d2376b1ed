// SPDX-License-Identifier: MIT
// cache.h: answers of the DNS for a minute at the most, so that many messages to one place ask once.
//
// libunbound has a cache of its own and honours the TTLs, but a question to it is a dozen system calls and two
// changes of threads: more than the delivery.  Bounded: when it is full, all goes.  One thread.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "lib/base/time.h"
#include "lib/dns/resolver.h"

namespace jd::dns {

class AnswerCache {
 public:
  static constexpr std::size_t max_answers = 4096, max_bytes = 4 << 20;
  static constexpr Span max_time = minutes(1);
  // nullptr: not there or too old.  Lives until the next call.
  const Answer* find(const std::string& name, Type type);
  // Nothing is kept of what failed, nor with a TTL of 0.  `ttl`: what is left of it, in seconds.
  void keep(const std::string& name, Type type, const Answer& a, int ttl);

 private:
  struct Kept { Answer answer; Time until; };
  std::unordered_map<std::string, Kept> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace jd::dns
