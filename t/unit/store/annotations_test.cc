// SPDX-License-Identifier: MIT
#include "lib/store/annotations.h"

#define LLVMFuzzerTestOneInput fuzz_annotations
#include "t/fuzz/annotations.cc"
#undef LLVMFuzzerTestOneInput

#include <gtest/gtest.h>

#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

TEST(Annotations, AreKeptAndTakenAway) {
  Scratch d;
  auto account = d.open(), other = d.open();
  auto none = account->annotations();
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  std::string binary("\0\r\n\xFF", 4);
  ASSERT_TRUE(account->annotate({{{0, "/shared/comment"}, "all"}, {{1, "/private/x"}, binary}}));
  ASSERT_TRUE(other->annotate({{{1, "/private/y"}, "why"}, {{0, "/shared/comment"}, std::nullopt}}));
  auto all = account->annotations();
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (Annotations{{{1, "/private/x"}, binary}, {{1, "/private/y"}, "why"}}));
}

TEST(Annotations, GoWithTheirFolder) {
  Scratch d;
  auto account = d.open();
  auto id = account->tree().create("x");
  ASSERT_TRUE(id && account->annotate({{{*id, "/private/a"}, "1"}, {{1, "/private/a"}, "2"}}));
  ASSERT_TRUE(account->tree().remove("x"));
  ASSERT_TRUE(account->annotate({{{1, "/private/b"}, "3"}}));
  EXPECT_EQ(account->annotations()->size(), 2u);
}

TEST(Annotations, HaveLimits) {
  Scratch d;
  auto account = d.open();
  EXPECT_TRUE(account->annotate({{{1, "/private/a"}, std::string(max_annotation, 'x')}}));
  EXPECT_FALSE(account->annotate({{{1, "/private/b"}, std::string(max_annotation + 1, 'x')}}));
  AnnotationChanges many;
  for (std::size_t i = 0; i < max_annotations; ++i) many[{1, "/private/n" + std::to_string(i)}] = "v";
  EXPECT_FALSE(account->annotate(many));
  EXPECT_EQ(account->annotations()->size(), 1u);
  for (int i = 0; i < 14; ++i) EXPECT_TRUE(account->annotate({{{1, "/private/l" + std::to_string(i)}, std::string(max_annotation, 'x')}}));
  EXPECT_FALSE(account->annotate({{{1, "/private/l15"}, std::string(max_annotation, 'x')}, {{1, "/private/l16"}, std::string(max_annotation, 'x')}}));
}

TEST(Annotations, DamageIsFound) {
  std::string good = encode(Annotations{{{1, "/private/x"}, "value"}, {{2, "/shared/y"}, ""}});
  ASSERT_TRUE(decode_annotations(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(decode_annotations(bad)) << i;
    EXPECT_FALSE(decode_annotations(good.substr(0, i))) << i;
  }
}

TEST(Annotations, FuzzInputs) {
  Annotations all{{{0, "/shared/a"}, "v"}, {{7, "/private/b"}, std::string("\0\xff", 2)}, {{7, "/private/c"}, ""}};
  std::string whole = encode(all);
  std::string inner = whole.substr(8, whole.size() - 12);
  for (std::string in : {std::string(), whole, inner, inner + inner, std::string(30, '\xff'), std::string(30, '\0')})
    for (std::size_t n = 0; n <= in.size(); n++) {
      fuzz_annotations(reinterpret_cast<const uint8_t*>(in.data()), n);
      for (int bit = 0; bit < 8 && n < in.size(); bit++) {
        std::string bad = in;
        bad[n] = static_cast<char>(bad[n] ^ 1 << bit);
        fuzz_annotations(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
        EXPECT_FALSE(in == whole && decode_annotations(bad)) << n;
      }
    }
}

}  // namespace
}  // namespace jd::store
