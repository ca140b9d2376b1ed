// SPDX-License-Identifier: MIT
#include "lib/mime/idna.h"

#include <gtest/gtest.h>

namespace jd::mime {
namespace {

TEST(Idna, turns_domains_both_ways) {
  EXPECT_EQ(to_ascii_domain("B\xc3\xbc""cher.Example"), "xn--bcher-kva.example");
  EXPECT_EQ(to_ascii_domain("Example.ORG"), "example.org");
  EXPECT_EQ(to_ascii_domain("fa\xc3\x9f.example"), "xn--fa-hia.example");
  EXPECT_EQ(to_ascii_domain("\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95"), "xn--fsqu00a.xn--0zwm56d");
  EXPECT_EQ(to_unicode_domain("xn--fsqu00a.xn--0zwm56d"), "\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95");
  EXPECT_EQ(to_unicode_domain("example.org"), "example.org");
}

TEST(Idna, refuses_what_is_no_name) {
  EXPECT_FALSE(to_ascii_domain("\xff.example"));
  EXPECT_FALSE(to_ascii_domain("b\xc3\xbc..example"));
  EXPECT_FALSE(to_ascii_domain(std::string(300, 'a') + "\xc3\xbc"));
  EXPECT_EQ(to_unicode_domain("xn--\xff"), "xn--\xff");
}
}  // namespace
}  // namespace jd::mime
