// SPDX-License-Identifier: MIT
#include "lib/store/uid_set.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/base/random.h"

namespace jd::store {

TEST(UidSet, JoinsNeighboursInAnyOrder) {
  UidSet s;
  s.add(5);
  s.add(7);
  s.add(6);
  s.add(1, 3);
  EXPECT_EQ(s.text(), "1:3,5:7");
  s.add(4);
  EXPECT_EQ(s.text(), "1:7");
  EXPECT_EQ(s.size(), 7u);
}

TEST(UidSet, AgreesWithASetOfNumbers) {
  UidSet s;
  std::set<uint32_t> model;
  for (int i = 0; i < 400; i++) {
    auto first = static_cast<uint32_t>(1 + random_below(200)), last = first + static_cast<uint32_t>(random_below(4));
    s.add(first, last);
    for (uint32_t u = first; u <= last; u++) model.insert(u);
    ASSERT_EQ(s.size(), model.size());
  }
  for (uint32_t u = 1; u < 210; u++) EXPECT_EQ(s.contains(u), model.count(u) == 1) << u;
}

TEST(UidSet, HighestNumberDoesNotWrap) {
  UidSet s;
  s.add(UINT32_MAX);
  s.add(1);
  EXPECT_EQ(s.text(), "1,4294967295");
}

TEST(UidSet, DecodesWhatItEncodedAndNothingCutShort) {
  UidSet s;
  s.add(1, 9);
  s.add(20);
  std::string bytes;
  s.encode(bytes);
  std::string_view in = bytes;
  auto back = UidSet::decode(in);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->ranges(), s.ranges());
  for (std::size_t n = 0; n < bytes.size(); n++) {
    std::string_view cut(bytes.data(), n);
    EXPECT_FALSE(UidSet::decode(cut)) << n;
  }
}

}  // namespace jd::store
