// SPDX-License-Identifier: MIT
#include "t/fuzz/srs.cc"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::directory {
namespace {
const std::vector<std::string> keys{std::string(32, 'k'), std::string(32, 'o')};
constexpr int64_t today = 20'780;

std::string local(const std::string& address) { return address.substr(0, address.rfind('@')); }
}  // namespace

TEST(Srs, ThereAndBack) {
  std::string a = srs_forward(keys, "Bob@example.net", "ours.example", today);
  EXPECT_TRUE(a.starts_with("SRS0=")) << a;
  EXPECT_TRUE(a.ends_with("=example.net=Bob@ours.example")) << a;
  EXPECT_EQ(srs_reverse(keys, local(a), today), "Bob@example.net");
  EXPECT_EQ(srs_reverse(keys, local(a), today + srs_valid_days), "Bob@example.net");
  EXPECT_EQ(lower(*srs_reverse(keys, lower(local(a)), today)), "bob@example.net") << "some hosts change the case";
}

TEST(Srs, ASecondForwarderAddsNoThirdHost) {
  std::string other = "SRS0=abcdefgh=xy=example.net=bob@first.example";
  std::string a = srs_forward(keys, other, "ours.example", today);
  EXPECT_TRUE(a.starts_with("SRS1=") && a.ends_with("=first.example==abcdefgh=xy=example.net=bob@ours.example")) << a;
  EXPECT_EQ(srs_reverse(keys, local(a), today), other);
  std::string b = srs_forward(keys, "SRS1=hhhhhhhh=first.example==abcdefgh=xy=example.net=bob@second.example", "ours.example", today);
  EXPECT_TRUE(b.ends_with("=first.example==abcdefgh=xy=example.net=bob@ours.example")) << b;
  EXPECT_EQ(srs_reverse(keys, local(b), today), other);
}

TEST(Srs, KeysRotate) {
  std::string a = srs_forward(keys, "bob@example.net", "ours.example", today);
  EXPECT_EQ(srs_reverse({std::string(32, 'n'), keys[0]}, local(a), today), "bob@example.net");
  EXPECT_FALSE(srs_reverse({std::string(32, 'n'), std::string(32, 'm')}, local(a), today));
}

TEST(Srs, WhatIsNotOursIsRefused) {
  std::string a = local(srs_forward(keys, "bob@example.net", "ours.example", today));
  EXPECT_FALSE(srs_reverse(keys, a, today + srs_valid_days + 1));
  EXPECT_FALSE(srs_reverse(keys, a, today - 1)) << "from the future";
  for (std::size_t i = 5; i < a.size(); i++) {
    std::string bad = a;
    bad[i] = bad[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(srs_reverse(keys, bad, today)) << bad;
  }
  for (std::size_t n = 0; n < a.size(); n++) EXPECT_FALSE(srs_reverse(keys, a.substr(0, n), today)) << n;
  for (auto bad : {"", "SRS0", "SRS0=", "SRS1=========", "bob", "SRS0=aaaaaaaa=aa==", "srs0+aaaaaaaa=aa=b="}) EXPECT_FALSE(srs_reverse(keys, bad, today)) << bad;
}

TEST(Srs, FuzzTargetOverOurOwnInputs) {
  auto run = [](const std::string& s) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size()); };
  for (std::string s : {"bob@example.net", "SRS0=abcdefgh=xy=example.net=bob@first.example", "SRS1=hhhhhhhh=first.example==abcdefgh=xy=example.net=bob@second.example",
                        "@x", "a@", "=@=", "SRS1==@x", "SRS0==@x", "a=b=c@d=e"}) {
    for (std::size_t n = 0; n <= s.size(); n++) run(s.substr(0, n));
    for (std::size_t i = 0; i < s.size(); i++)
      for (char c : {'=', '@', '\0', '\xff'}) {
        std::string bad = s;
        bad[i] = c;
        run(bad);
      }
  }
}

TEST(Srs, WhatCannotBeRewrittenStays) {
  for (auto same : {"", "no-domain", "\"a b\"@example.net"}) EXPECT_EQ(srs_forward(keys, same, "ours.example", today), same);
  EXPECT_FALSE(is_srs("srs0"));
  EXPECT_TRUE(is_srs("srs0=x"));
}

}  // namespace jd::directory
