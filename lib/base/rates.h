// SPDX-License-Identifier: MIT
// rates.h: how often somebody may do something, counted for all processes of a daemon together.
//
//   master: Rates::create() -> a descriptor;   each worker: Rates::open(fd);   then take() at each doing
// A bucket holds `count` and fills up again in `per`; what is taken is one word in shared memory: the
// moment at which the bucket will be full again.  No locks, no system calls; about 50 ns.
// The table has room for 64K buckets (1 MB): where more are wanted at once, the fullest is forgotten,
// which errs on the side of those who ask.  Its key is random: nobody can aim at another's bucket.
// Times are monotonic(); the counts live as long as the descriptor.  Threads and processes may share.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd {

struct Rate {
  uint64_t count = 0;  // 0: no limit
  Span per;
};

class Rates {
 public:
  static Result<Fd> create();
  static Result<Rates> open(int fd);
  Rates(Rates&& o) noexcept : table_(std::exchange(o.table_, nullptr)) {}
  Rates& operator=(Rates&&) = delete;
  ~Rates();

  // `what` keeps the uses apart, such as "rcpt"; `who` is an address, an account.
  bool take(std::string_view what, std::string_view who, Rate rate, uint64_t n = 1);  // false: nothing is taken
  bool has(std::string_view what, std::string_view who, Rate rate, uint64_t n = 1) const;
  void charge(std::string_view what, std::string_view who, Rate rate, uint64_t n);     // whether it has it or not

 private:
  struct Table;
  explicit Rates(Table* t) : table_(t) {}
  Table* table_;
};

}  // namespace jd
