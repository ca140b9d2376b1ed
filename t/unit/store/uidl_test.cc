// SPDX-License-Identifier: MIT
#include "lib/store/uidl.h"

#define LLVMFuzzerTestOneInput fuzz_uidl
#include "t/fuzz/uidl.cc"
#undef LLVMFuzzerTestOneInput

#include <gtest/gtest.h>

#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

TEST(Uidls, AreOneForEachMessage) {
  Uidls all(7);
  EXPECT_TRUE(all.add(3, "a"));
  EXPECT_TRUE(all.add(3, "a"));
  EXPECT_FALSE(all.add(3, "b")) << "it has a name";
  EXPECT_FALSE(all.add(4, "a")) << "the name is another one's";
  EXPECT_TRUE(all.add(1, std::string(70, '~')));
  for (std::string bad : {std::string(), std::string(71, 'x'), std::string("a b"), std::string("\x7F"), std::string("\xE4\xBD\xA0")}) EXPECT_FALSE(all.add(9, bad)) << bad;
  EXPECT_FALSE(all.add(0, "zero"));
  EXPECT_EQ(all.size(), 2u);
  EXPECT_TRUE(all.has("a"));
  EXPECT_FALSE(all.has("b"));
}

TEST(Uidls, AreOfOneNumbering) {
  Scratch d;
  auto account = d.open();
  Uidls all(7);
  all.add(2, "two");
  ASSERT_TRUE(write_uidls(account->dir(), all));
  auto back = read_uidls(account->dir(), 7), other = read_uidls(account->dir(), 8);
  ASSERT_TRUE(back && other);
  EXPECT_EQ(back->all(), all.all());
  EXPECT_EQ(other->size(), 0u);
  EXPECT_EQ(other->uid_validity(), 8u);
}

TEST(Uidls, ADamagedFileIsNone) {
  Uidls all(7);
  all.add(2, "two");
  all.add(3, "three");
  std::string good = encode(all);
  ASSERT_TRUE(decode_uidls(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 4;
    EXPECT_FALSE(decode_uidls(bad)) << i;
    EXPECT_FALSE(decode_uidls(good.substr(0, i))) << i;
    std::string_view inside = std::string_view(good).substr(8, i);
    fuzz_uidl(reinterpret_cast<const uint8_t*>(inside.data()), inside.size());
  }
  for (std::string_view s : {std::string_view("\7\0\0\0\1\0\0\0\2\0\0\0\3two", 16), std::string_view("\7\0\0\0\xFF\xFF\xFF\xFF", 8),
                             std::string_view("\7\0\0\0\2\0\0\0\2\0\0\0\1a\1\0\0\0\1b", 20)})
    fuzz_uidl(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}

}  // namespace
}  // namespace jd::store
