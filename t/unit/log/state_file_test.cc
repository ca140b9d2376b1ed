// SPDX-License-Identifier: MIT
#include "lib/log/state_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "lib/base/file.h"
#define LLVMFuzzerTestOneInput fuzz_state_file
#include "t/fuzz/state_file.cc"

namespace jd::journal {
namespace {

struct StateFileTest : ::testing::Test {
  std::string dir;
  StateFileTest() {
    char name[] = "/tmp/jdmail-state-XXXXXX";
    dir = ::mkdtemp(name);
  }
  ~StateFileTest() override { (void)file::remove_tree(dir); }
  StateFile open() { return std::move(*StateFile::open(dir, "s")); }
};

TEST_F(StateFileTest, remembers) {
  {
    auto s = open();
    EXPECT_TRUE(s.all().empty());
    EXPECT_TRUE(s.set("a", "1"));
    EXPECT_TRUE(s.set("b", std::string("\0\n", 2)));
    EXPECT_TRUE(s.set("a", "2"));
    EXPECT_TRUE(s.set("c", ""));
    EXPECT_TRUE(s.remove("b"));
    EXPECT_TRUE(s.remove("no"));
  }
  auto s = open();
  EXPECT_EQ(s.all(), (std::map<std::string, std::string>{{"a", "2"}, {"c", ""}}));
  EXPECT_EQ(*s.get("a"), "2");
  EXPECT_FALSE(s.get("b"));
}

TEST_F(StateFileTest, stays_small) {
  std::string value(1000, 'x');
  {
    auto s = open();
    for (int i = 0; i < 5000; i++) EXPECT_TRUE(s.set(std::to_string(i % 10), value + std::to_string(i)));
  }
  for (auto* f : {"/s.a", "/s.b"}) EXPECT_LT(file::read_all(dir + f)->size(), StateFile::min_rewrite_bytes + 2000);
  auto s = open();
  EXPECT_EQ(s.all().size(), 10u);
  EXPECT_EQ(*s.get("9"), value + "4999");
}

TEST_F(StateFileTest, a_torn_or_broken_end_is_dropped) {
  {
    auto s = open();
    EXPECT_TRUE(s.set("a", "1"));
    EXPECT_TRUE(s.set("b", "2"));
  }
  std::string whole = *file::read_all(dir + "/s.a");
  for (std::size_t cut = 0; cut < whole.size(); cut++) {
    auto fd = file::open(dir + "/s.a", O_RDWR);
    ASSERT_TRUE(file::truncate(fd->get(), 0));
    ASSERT_TRUE(file::write_at(fd->get(), whole.substr(0, cut), 0));
    auto s = open();
    EXPECT_LT(s.all().size(), 2u);
    EXPECT_TRUE(s.set("c", "3"));
    EXPECT_EQ(*open().get("c"), "3") << cut;
    fuzz_state_file(reinterpret_cast<const uint8_t*>(whole.data()), cut);
    std::string bad = whole;
    bad[cut] = static_cast<char>(bad[cut] ^ 0x80);
    fuzz_state_file(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
    (void)file::unlink(AT_FDCWD, dir + "/s.b");
  }
}
}  // namespace
}  // namespace jd::journal
