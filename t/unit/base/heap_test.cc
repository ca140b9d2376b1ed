// SPDX-License-Identifier: MIT
#include "lib/base/heap.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <vector>

#ifdef __SANITIZE_ADDRESS__
#define SKIP_WITH_ANOTHER_ALLOCATOR                       \
  printf("left out: huge pages of the heap (sanitizers)\n"); \
  GTEST_SKIP() << "the sanitizer has an allocator of its own"
#else
#define SKIP_WITH_ANOTHER_ALLOCATOR
#endif

namespace jd::heap {
namespace {

// Pages of this process: all of its addresses, and what is in memory and of no file.
std::pair<std::size_t, std::size_t> pages() {
  std::size_t all = 0, resident = 0, of_files = 0;
  FILE* f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%zu %zu %zu", &all, &resident, &of_files) != 3)
    ADD_FAILURE() << "/proc/self/statm cannot be read";
  if (f) fclose(f);
  return {all, resident - of_files};
}

}  // namespace

TEST(Heap, ExpectingTakesAddressesOnly) {
  SKIP_WITH_ANOTHER_ALLOCATOR;
  keep_freed();
  auto before = pages();
  for (int i = 0; i < 1000; ++i) expect(100 << 20);
  auto after = pages();
  EXPECT_LT(after.first - before.first, (70u << 20) / 4096);
  // What is touched are the heads of two pieces; the kernel may make the huge pages around them whole at once, for
  // khugepaged wakes when somebody asks for such pages.
  EXPECT_LT(after.second - before.second, 3u * 512);
  expect(1000);
}

TEST(Heap, IsUsedAndGivenBack) {
  SKIP_WITH_ANOTHER_ALLOCATOR;
  keep_freed();
  give_back();  // or what other tests have freed would be used first, and is counted before
  auto before = pages();
  for (int round = 0; round < 20; ++round) {  // each begins after a give_back()
    expect(20 << 20);
    std::vector<std::vector<char>> all;
    for (int i = 0; i < 20; ++i) all.emplace_back(1 << 20, 'x');
    EXPECT_GT(pages().second, before.second + (19 << 20) / 4096);
    for (auto& v : all) EXPECT_EQ(v.back(), 'x');
    all.clear();
    give_back();
  }
  auto after = pages();
  EXPECT_LT(after.second, before.second + (8 << 20) / 4096);
  EXPECT_LT(after.first, before.first + (24 << 20) / 4096);
}

}  // namespace jd::heap
