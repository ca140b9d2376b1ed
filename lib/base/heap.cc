// SPDX-License-Identifier: MIT
#include "lib/base/heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cstdint>
#include <iterator>
#include <utility>

namespace jd::heap {
namespace {

constexpr std::size_t huge_page = 2 << 20;
constexpr std::size_t largest_piece = 32 << 20;  // larger ones are mapped by themselves
constexpr std::size_t reserve = 30 << 20;        // twice that is still kept when it is freed
constexpr std::size_t heads = 64;                // of a piece and of the next

bool is_reserved = false;

std::size_t up_to_page(const void* p) { return -reinterpret_cast<std::uintptr_t>(p) % huge_page; }

// The rest of the huge page that the heap's end stands in has ordinary pages already, or holes since the last
// give_back().  A piece that nobody ever touches stands there from now on: it takes addresses only.
void skip_to_page() {
  static void* pieces[8];
  static std::size_t n = 0;
  if (n == std::size(pieces)) return;
  void* p = ::malloc(2 * huge_page);
  if (!p) return;
  std::size_t rest = up_to_page(p);
  ::free(p);
  if (rest <= heads || !(p = ::malloc(rest - heads))) return;
  if (up_to_page(p) == rest) pieces[n++] = p;
  else ::free(p);  // it was not the end
}

}  // namespace

void keep_freed() {
  ::mallopt(M_MMAP_THRESHOLD, largest_piece);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

// Where the heap ends one page is touched, and the huge page around it is spoiled: it had better end far away.
void expect(std::size_t bytes) {
  if (bytes < huge_page / 2 || std::exchange(is_reserved, true)) return;
  skip_to_page();
  char* p = static_cast<char*>(::malloc(reserve));
  if (!p) return;
  char* end = p + reserve;
  char* more = bytes > reserve / 2 ? static_cast<char*>(::malloc(reserve)) : nullptr;
  if (more > p && static_cast<std::size_t>(more - p) < reserve + heads) end = more + reserve;
  char* from = p + up_to_page(p);
  (void)::madvise(from, static_cast<std::size_t>(end - from) / huge_page * huge_page, MADV_HUGEPAGE);
  ::free(more);
  ::free(p);
}

void give_back() {
  is_reserved = false;
  ::malloc_trim(0);
}

}  // namespace jd::heap
