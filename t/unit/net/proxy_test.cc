// SPDX-License-Identifier: MIT
#include "lib/net/proxy.h"

#include <gtest/gtest.h>

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace jd::net {
namespace {
// "client server size", "local size", "more" or "no"; every beginning must want more, or say no with it.
std::string read(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  auto r = parse_proxy(bytes);
  if (!r) return "no";
  if (!*r) return "more";
  auto& h = **r;
  if (h.is_local) return fmt::format("local {}", h.size);
  return fmt::format("{} {} {}", h.client.text(), h.server.text(), h.size);
}

std::string v2(unsigned command, unsigned family, const std::string& rest) {
  std::string r("\r\n\r\n\0\r\nQUIT\n", 12);
  r += static_cast<char>(0x20 | command);
  r += static_cast<char>(family);
  r += static_cast<char>(rest.size() >> 8);
  r += static_cast<char>(rest.size() & 255);
  return r + rest;
}
const std::string four("\xc0\0\2\x09\xc6\x33\x64\x01\x9c\x40\0\x19", 12);
const std::string six = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) + std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16) + std::string("\x9c\x40\0\x19", 4);

TEST(Proxy, VersionOne) {
  EXPECT_EQ(read("PROXY TCP4 192.0.2.9 198.51.100.1 40000 25\r\nEHLO"), "192.0.2.9:40000 198.51.100.1:25 44");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::1 2001:db8::2 40000 25\r\n"), "[2001:db8::1]:40000 [2001:db8::2]:25 45");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "local 15");
  EXPECT_EQ(read("PROXY UNKNOWN ffff::1 what ever 1 2\r\n"), "local 37");
  EXPECT_EQ(read(""), "more");
  EXPECT_EQ(read("PROXY TCP4 192.0.2.9 198.51.100.1 40000 25\r"), "more");
  for (std::string bad : {"EHLO x\r\n", "proxy TCP4 192.0.2.9 198.51.100.1 40000 25\r\n", "PROXY TCP4 192.0.2.9 198.51.100.1 40000 25\n",
                          "PROXY TCP4 192.0.2.9 198.51.100.1 40000\r\n", "PROXY TCP4 192.0.2.9 198.51.100.1 40000 65536\r\n",
                          "PROXY TCP4 192.0.2.9 198.51.100.1 040 25\r\n", "PROXY TCP4 192.0.2.9 198.51.100.1 -1 25\r\n",
                          "PROXY TCP4 192.0.2.300 198.51.100.1 40000 25\r\n", "PROXY TCP4 2001:db8::1 2001:db8::2 40000 25\r\n",
                          "PROXY TCP6 192.0.2.9 198.51.100.1 40000 25\r\n", "PROXY TCP4  192.0.2.9 198.51.100.1 40000 25\r\n",
                          "PROXY UDP4 192.0.2.9 198.51.100.1 40000 25\r\n", "PROXY \r\n", "PROXY\r\n"})
    EXPECT_EQ(read(bad), "no") << bad;
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "local 107");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "no");
}

TEST(Proxy, VersionTwo) {
  EXPECT_EQ(read(v2(1, 0x11, four) + "EHLO"), "192.0.2.9:40000 198.51.100.1:25 28");
  EXPECT_EQ(read(v2(1, 0x21, six)), "[2001:db8::1]:40000 [2001:db8::2]:25 52");
  EXPECT_EQ(read(v2(1, 0x11, four + std::string("\x04\0\1x", 4))), "192.0.2.9:40000 198.51.100.1:25 32") << "fields are passed over";
  EXPECT_EQ(read(v2(0, 0x00, "")), "local 16");
  EXPECT_EQ(read(v2(0, 0x11, four)), "local 28");
  EXPECT_EQ(read(v2(1, 0x31, std::string(216, '/'))), "local 232");
  EXPECT_EQ(read(v2(1, 0x11, four).substr(0, 27)), "more");
  EXPECT_EQ(read(v2(1, 0x11, four).substr(0, 12)), "more");
  EXPECT_EQ(read(v2(1, 0x11, four.substr(1))), "no");
  EXPECT_EQ(read(v2(1, 0x21, four)), "no");
  EXPECT_EQ(read(v2(2, 0x11, four)), "no");
  EXPECT_EQ(read(v2(1, 0x11, std::string(2049, 'x'))), "no");
  std::string other = v2(1, 0x11, four);
  other[12] = 0x11;
  EXPECT_EQ(read(other), "no");
}
}  // namespace
}  // namespace jd::net

#include "t/fuzz/proxy.cc"
