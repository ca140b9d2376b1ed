// SPDX-License-Identifier: MIT
#include "lib/base/random.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>

#include "lib/base/result.h"

namespace jd {
namespace {
constexpr char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's: no i l o u

int value_of(char c) {
  const char* p = c ? strchr(alphabet, c) : nullptr;
  return p ? static_cast<int>(p - alphabet) : -1;
}
// A forked child must not repeat its parent's numbers.
unsigned fork_count() {
  static std::atomic<unsigned> count = 0;
  [[maybe_unused]] static const int told = ::pthread_atfork(nullptr, nullptr, [] { count++; });
  return count;
}
}  // namespace

std::string random_bytes(std::size_t n) {
  std::string r(n, '\0');
  std::size_t got = 0;
  while (got < n) {
    auto k = ::getrandom(r.data() + got, n - got, 0);
    MUST(k > 0 || errno == EINTR);
    if (k > 0) got += static_cast<std::size_t>(k);
  }
  return r;
}

uint64_t random_number() {
  static thread_local std::string pool;
  static thread_local std::size_t at = 0;
  static thread_local unsigned from = 0;
  if (at + 8 > pool.size() || from != fork_count()) {
    pool = random_bytes(256);
    at = 0;
    from = fork_count();
  }
  uint64_t v;
  memcpy(&v, pool.data() + at, 8);
  at += 8;
  return v;
}

uint64_t random_below(uint64_t n) {
  uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  for (;;)
    if (uint64_t v = random_number(); v < limit) return v % n;
}

std::string unique_id(Time at) {
  static thread_local int64_t last = 0;
  int64_t us = at.ns / 1000;
  if (us <= last && us > last - 1'000'000) us = last + 1;  // keeps ids of one process in order
  last = us;
  std::string r(20, '0');
  auto t = static_cast<uint64_t>(us);
  for (int i = 12; i >= 0; i--, t >>= 5) r[static_cast<std::size_t>(i)] = alphabet[t & 31];
  uint64_t v = random_number();
  for (std::size_t i = 13; i < 20; i++, v >>= 5) r[i] = alphabet[v & 31];
  return r;
}

bool is_id(const std::string& id) {
  if (id.size() != 20) return false;
  for (char c : id)
    if (value_of(c) < 0) return false;
  return true;
}

Time time_of_id(const std::string& id) {
  if (!is_id(id)) return {};
  uint64_t t = 0;
  for (std::size_t i = 0; i < 13; i++) t = t << 5 | static_cast<uint64_t>(value_of(id[i]));
  return {static_cast<int64_t>(t) * 1000};
}

}  // namespace jd
