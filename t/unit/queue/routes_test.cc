// SPDX-License-Identifier: MIT
#include "lib/queue/routes.h"

#include <gtest/gtest.h>

namespace jd::queue {
namespace {

std::string name(const Route* r) { return r ? r->name : "-"; }

TEST(Routes, the_first_rule_that_fits_counts) {
  auto r = Routes::parse(
      "route a smtp host=a.test:26,b.test tls=required user=u password_file=p  # x\n"
      "route b lmtp host=10.0.0.1\nroute c mx source=192.0.2.1,2001:db8::1 helo=c.test\n"
      "all a\nuser ann@x.test c\nto One.test b\nto .one.test c\nto b\xc3\xbc""cher.test b\nfrom bulk@x.test c\nfrom @x.test b\nfrom <> mx\nto two.test mx\n",
      "f");
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(name(r->of("one.test", "q@q", "")), "b");
  EXPECT_EQ(name(r->of("deep.sub.one.test", "q@q", "")), "c");
  EXPECT_EQ(name(r->of("xn--bcher-kva.test", "q@q", "")), "b");
  EXPECT_EQ(name(r->of("b\xc3\xbc""cher.test", "q@q", "")), "b");
  EXPECT_EQ(name(r->of("other.test", "Bulk@X.test", "")), "c");
  EXPECT_EQ(name(r->of("other.test", "any@x.test", "")), "b");
  EXPECT_EQ(name(r->of("other.test", "any@x.test", "Ann@x.test")), "c") << "an earlier line";
  EXPECT_EQ(name(r->of("one.test", "any@x.test", "ann@x.test")), "c");
  EXPECT_EQ(name(r->of("other.test", "", "")), "-");
  EXPECT_EQ(name(r->of("two.test", "q@q", "")), "-");
  EXPECT_EQ(name(r->of("other.test", "q@q", "")), "a") << "all is for what no other line is about";
  EXPECT_EQ(r->find("a")->hosts.size(), 2u);
  EXPECT_EQ(r->find("a")->tls, "required");
  EXPECT_TRUE(r->find("b")->kind == Route::Kind::lmtp);
  EXPECT_EQ(r->find("c")->source.size(), 2u);
  EXPECT_FALSE(r->find("d"));
  EXPECT_EQ(name(Routes().of("a.test", "", "")), "-");
}

TEST(Routes, says_the_line_and_what_is_wrong) {
  for (auto [text, what] : {std::pair{"what\n", "f:1: 'what': a line begins with"}, {"\nto a.test x\n", "f:2: there is no route 'x'"}, {"route a smtp", "needs host="}, {"route a web host=x", "not 'web'"},
                            {"route mx mx", "no name"}, {"route a.b mx", "no name"}, {"route a mx\nroute a mx", "f:2: the route a is there twice"}, {"route a mx host=b", "no setting"},
                            {"route a smtp host=b tls=maybe", "tls= is one of"}, {"route a smtp host=b user=c", "go together"}, {"route a mx source=name", "no address"},
                            {"route a mx\nfrom nobody a", "no sender"}, {"route a mx\nto x@y a", "no domain"}, {"to a.test", "a rule is"}, {"all", "a rule is"}}) {
    auto r = Routes::parse(text, "f");
    ASSERT_FALSE(r) << text;
    EXPECT_NE(r.error().what.find(what), std::string::npos) << r.error().what;
  }
}
}  // namespace
}  // namespace jd::queue
