// SPDX-License-Identifier: MIT
#include "lib/base/rates.h"

#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "lib/base/random.h"

namespace jd {
namespace {
constexpr std::size_t sets = 8192, ways = 8;  // a set is two cache lines

struct Bucket {
  std::atomic<uint64_t> key;    // 0: never used
  std::atomic<int64_t> full_at;  // monotonic nanoseconds
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Bucket) == 16);

// What taking n costs, in nanoseconds of filling up; at most as much as cannot matter any more.
int64_t cost(Rate rate, uint64_t n) {
  auto ns = static_cast<unsigned __int128>(n) * static_cast<uint64_t>(rate.per.ns) / rate.count;
  return static_cast<int64_t>(std::min<unsigned __int128>(ns, static_cast<uint64_t>(days(365).ns)));
}
}  // namespace

struct Rates::Table {
  unsigned char secret[crypto_shorthash_KEYBYTES];
  alignas(128) Bucket buckets[sets][ways];

  uint64_t key_of(std::string_view what, std::string_view who) const {
    char text[512];
    std::size_t a = std::min(what.size(), std::size_t{64}), b = std::min(who.size(), sizeof text - a - 1);
    memcpy(text, what.data(), a);
    text[a] = '\0';
    memcpy(text + a + 1, who.data(), b);
    uint64_t key = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&key), reinterpret_cast<unsigned char*>(text), a + 1 + b, secret);
    return key ? key : 1;
  }

  Bucket* find(uint64_t key) {
    for (auto& b : buckets[key % sets])
      if (b.key.load(std::memory_order_relaxed) == key) return &b;
    return nullptr;
  }

  // Where there is none: the one that is full, or the nearest to it, becomes ours.
  Bucket& find_or_make(uint64_t key, int64_t now_ns) {
    if (Bucket* b = find(key)) return *b;
    auto& set = buckets[key % sets];
    Bucket* best = &set[0];
    for (auto& b : set)
      if (b.full_at.load(std::memory_order_relaxed) < best->full_at.load(std::memory_order_relaxed)) best = &b;
    best->key.store(key, std::memory_order_relaxed);
    best->full_at.store(now_ns, std::memory_order_relaxed);
    return *best;
  }
};

Result<Fd> Rates::create() {
  Fd fd(::memfd_create("rates", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno(errno, "cannot make a table of rates");
  std::string secret = random_bytes(crypto_shorthash_KEYBYTES);
  if (::ftruncate(fd.get(), sizeof(Table)) < 0 || ::pwrite(fd.get(), secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    return fail_errno(errno, "cannot make a table of rates");
  return fd;
}

Result<Rates> Rates::open(int fd) {
  void* at = ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return fail_errno(errno, "cannot map the table of rates");
  return Rates(static_cast<Table*>(at));
}

Rates::~Rates() {
  if (table_) ::munmap(table_, sizeof(Table));
}

bool Rates::take(std::string_view what, std::string_view who, Rate rate, uint64_t n) {
  if (rate.count == 0) return true;
  int64_t at = monotonic().ns, ns = cost(rate, n);
  Bucket& b = table_->find_or_make(table_->key_of(what, who), at);
  for (int64_t full = b.full_at.load(std::memory_order_relaxed);;) {
    int64_t then = std::max(full, at) + ns;
    if (then - at > rate.per.ns) return false;
    if (b.full_at.compare_exchange_weak(full, then, std::memory_order_relaxed)) return true;
  }
}

bool Rates::has(std::string_view what, std::string_view who, Rate rate, uint64_t n) const {
  if (rate.count == 0) return true;
  int64_t at = monotonic().ns;
  Bucket* b = table_->find(table_->key_of(what, who));
  return std::max(b ? b->full_at.load(std::memory_order_relaxed) : at, at) + cost(rate, n) - at <= rate.per.ns;
}

void Rates::charge(std::string_view what, std::string_view who, Rate rate, uint64_t n) {
  if (rate.count == 0) return;
  int64_t at = monotonic().ns, ns = cost(rate, n);
  Bucket& b = table_->find_or_make(table_->key_of(what, who), at);
  // Nobody is kept out for longer than two periods, whatever was charged at once.
  for (int64_t full = b.full_at.load(std::memory_order_relaxed);;) {
    int64_t then = std::min(std::max(full, at) + ns, at + 2 * rate.per.ns);
    if (b.full_at.compare_exchange_weak(full, then, std::memory_order_relaxed)) return;
  }
}

}  // namespace jd
