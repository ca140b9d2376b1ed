// SPDX-License-Identifier: MIT
#include "lib/dns/record.h"

#include <gtest/gtest.h>

#include "t/fuzz/dns.cc"

namespace jd::dns {
namespace {
using namespace std::string_literals;

const std::string mx_wire = "\0\x0a\2Mx\7example\3org\0"s;

TEST(Record, ReadsEachType) {
  auto mx = read_record(Type::mx, mx_wire);
  ASSERT_TRUE(mx);
  EXPECT_EQ(mx->preference, 10);
  EXPECT_EQ(mx->data, "mx.example.org");
  EXPECT_EQ(read_record(Type::mx, "\0\0\0"s)->data, "") << "the root: RFC 7505";
  EXPECT_EQ(read_record(Type::txt, "\3v=s\2pf"s)->data, "v=spf");
  EXPECT_EQ(read_record(Type::a, "\x7f\0\0\1"s)->data.size(), 4u);
  EXPECT_EQ(read_record(Type::ptr, "\1a\4test\0"s)->data, "a.test");
}

TEST(Record, RefusesEveryCutAndWhatIsNoName) {
  for (std::size_t i = 0; i < mx_wire.size(); i++) EXPECT_FALSE(read_record(Type::mx, mx_wire.substr(0, i))) << i;
  EXPECT_FALSE(read_record(Type::mx, mx_wire + "x"));
  EXPECT_FALSE(read_record(Type::ptr, "\3a.b\0"s)) << "a dot inside a label";
  EXPECT_FALSE(read_record(Type::ptr, "\3a\nb\0"s));
  EXPECT_FALSE(read_record(Type::ptr, "\xc0\x0c"s)) << "a compressed name";
  EXPECT_FALSE(read_record(Type::txt, "\5abc"s));
  EXPECT_FALSE(read_record(Type::a, "abc"s));
  EXPECT_FALSE(read_record(Type::aaaa, "abcd"s));
}

TEST(Record, ReverseNames) {
  EXPECT_EQ(reverse_name("\xc0\0\2\1"s), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name("\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x12"),
            "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(reverse_name(""), "");
}

TEST(Record, Askable) {
  EXPECT_TRUE(is_askable("_dmarc.example.org."));
  for (std::string bad : {""s, "."s, "a..b"s, ".a"s, "a b"s, "a\0b"s, std::string(64, 'a'), "\xc3\xa4.test"s})
    EXPECT_FALSE(is_askable(bad)) << bad;
  std::string longest;
  for (int i = 0; i < 126; i++) longest += "a.";
  EXPECT_TRUE(is_askable(longest + "a"));
  EXPECT_FALSE(is_askable(longest + "ab"));
}

TEST(Record, OwnInputsThroughTheFuzzTarget) {
  for (const std::string& s : {mx_wire, "\3v=s\2pf"s, "\1a\4test\0"s})
    for (std::size_t i = 0; i < s.size(); i++)
      for (int c = 0; c < 256; c++) {
        std::string bad = s;
        bad[i] = static_cast<char>(c);
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
      }
}

}  // namespace
}  // namespace jd::dns
