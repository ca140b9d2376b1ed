// SPDX-License-Identifier: MIT
#include "lib/base/pattern.h"

#include <gtest/gtest.h>

using namespace jd;

namespace {
bool fits(Result<Pattern> (*make)(std::string_view), const char* words, const char* text) {
  auto p = make(words);
  EXPECT_TRUE(p) << words;
  return p && p->matches(text);
}
}  // namespace

TEST(Pattern, AddressesAreExactUnlessTheyCannotBe) {
  auto a = [](const char* words, const char* text) { return fits(Pattern::address, words, text); };
  EXPECT_TRUE(a("ann@b.example", "Ann@B.example"));
  EXPECT_FALSE(a("ann@b.example", "joann@b.example"));
  EXPECT_TRUE(a("@b.example", "x@b.example"));
  EXPECT_FALSE(a("@b.example", "x@ab.example"));
  EXPECT_FALSE(a("@b.example", "x@b.example.org"));
  EXPECT_TRUE(a("ann", "joANN@b.example"));
  EXPECT_TRUE(a("<>", ""));
  EXPECT_FALSE(a("<>", "a@b"));
  EXPECT_TRUE(a("*-bounce@*.example", "list-bounce@a.example"));
  EXPECT_FALSE(a("*-bounce@*.example", "list-bounce@a.examples"));
  EXPECT_TRUE(a("a?@b", "ax@b"));
  EXPECT_TRUE(a("/^(ann|bob)@/", "BOB@x"));
  EXPECT_FALSE(a("/^(ann|bob)@/", "rob@x"));
  EXPECT_TRUE(a("", "anything"));
}

TEST(Pattern, Domains) {
  auto d = [](const char* words, const char* text) { return fits(Pattern::domain, words, text); };
  EXPECT_TRUE(d("b.example", "B.example"));
  EXPECT_TRUE(d("@b.example", "b.example"));
  EXPECT_FALSE(d("b.example", "a.b.example"));
  EXPECT_TRUE(d(".b.example", "a.b.example"));
  EXPECT_TRUE(d(".b.example", "b.example"));
  EXPECT_FALSE(d(".b.example", "ab.example"));
  EXPECT_TRUE(d("*.ex*", "b.example"));
}

TEST(Pattern, TextAndExpressions) {
  EXPECT_TRUE(fits(Pattern::text, "greyLISTED", "451 4.7.1 Greylisted, come back"));
  EXPECT_TRUE(fits(Pattern::text, "/4\\.7\\.[0-9]/", "451 4.7.1 Greylisted"));
  EXPECT_FALSE(fits(Pattern::text, "/4\\.7\\.[0-9]/", "451 4x7.1"));
  EXPECT_TRUE(fits(Pattern::text, "/", "a/b"));
  auto bad = Pattern::text("/(/");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().fault, Fault::usage);
  EXPECT_FALSE(Pattern::text(std::string(2000, 'x')));
}

TEST(Pattern, GlobsDoNotBlowUp) {
  std::string stars, text(20000, 'a');
  for (int i = 0; i < 300; i++) stars += "*a";
  EXPECT_FALSE(glob_matches(stars + "b", text));
  EXPECT_TRUE(glob_matches("**", ""));
  EXPECT_FALSE(glob_matches("", "a"));
}
