// SPDX-License-Identifier: MIT
// The index of who shares something with whom.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/directory/bdb.h"
#include "lib/directory/directory.h"

namespace jd::directory {
namespace {

class Shares : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      char name[] = "/tmp/jdmail-dir-XXXXXX";
      path = ::mkdtemp(name);
      auto r = open_bdb(path + "/env");
      ASSERT_TRUE(r) << r.error().what;
      d = std::make_unique<Directory>(std::move(*r));
    } else {
      d = std::make_unique<Directory>(memory_records());
    }
    for (const char* name : {"a.test", "b.test"}) ASSERT_TRUE(d->add_domain(name));
    for (const char* who : {"ann@a.test", "bob@a.test", "eve@b.test", "office@a.test"}) ASSERT_TRUE(d->add_account(who, "", {.bytes = 1000}, ""));
  }
  void TearDown() override {
    d.reset();
    if (!path.empty()) (void)file::remove_tree(path);  // scratch
  }
  Access access(const std::string& who) {
    auto a = d->account(who);
    EXPECT_TRUE(a && *a);
    auto r = d->access(**a);
    EXPECT_TRUE(r) << r.error().what;
    return *r;
  }
  // "ann@a.test:w office@a.test:r"
  std::string whose(const std::string& who) {
    std::string out;
    for (auto& s : access(who).shared) out += (out.empty() ? "" : " ") + s.owner + ":" + (s.may_write ? "w" : "r");
    return out;
  }
  std::string path;
  std::unique_ptr<Directory> d;
};

TEST_P(Shares, AreFoundByWhoeverTheyAreFor) {
  EXPECT_EQ(whose("bob@a.test"), "");
  ASSERT_TRUE(d->set_shares("ann@a.test", {{"bob@a.test", "lr"}}));
  ASSERT_TRUE(d->set_shares("office@a.test", {{"@b.test", "lrs"}, {"bob@a.test", "l"}}));
  EXPECT_EQ(whose("bob@a.test"), "ann@a.test:r office@a.test:r");
  EXPECT_EQ(whose("eve@b.test"), "office@a.test:w");
  EXPECT_EQ(whose("ann@a.test"), "");
  Access a = access("bob@a.test");
  EXPECT_EQ(a.identities, (std::vector<std::string>{"bob@a.test", "anyone", "@a.test"}));
  EXPECT_EQ(a.shared[0].path, "a.test/ann");
  EXPECT_EQ(a.shared[0].quota.bytes, 1000u);
  EXPECT_EQ(access("ann@a.test").told, "bob@a.test=lr");
  // All of it anew: what is not said any more is gone.
  ASSERT_TRUE(d->set_shares("office@a.test", {{"anyone", "lri"}}));
  EXPECT_EQ(whose("bob@a.test"), "ann@a.test:r office@a.test:w");
  EXPECT_EQ(whose("ann@a.test"), "office@a.test:w");
  EXPECT_EQ(whose("office@a.test"), "");  // not with itself
  ASSERT_TRUE(d->set_shares("office@a.test", {}));
  ASSERT_TRUE(d->set_shares("ann@a.test", {}));
  EXPECT_EQ(whose("bob@a.test"), "");
  EXPECT_EQ(access("ann@a.test").told, "");
}

TEST_P(Shares, AGroupIsWhomAnAliasLeadsTo) {
  ASSERT_TRUE(d->add_alias("sales@a.test", {"all@a.test", "x@elsewhere.test"}));
  ASSERT_TRUE(d->add_alias("all@a.test", {"bob@a.test"}));
  ASSERT_TRUE(d->set_shares("office@a.test", {{"group:sales@a.test", "lrswi"}, {"group:none@a.test", "lr"}}));
  EXPECT_EQ(whose("bob@a.test"), "office@a.test:w");
  EXPECT_EQ(access("bob@a.test").identities.back(), "group:sales@a.test");
  EXPECT_EQ(whose("eve@b.test"), "");
  ASSERT_TRUE(d->add_alias("all@a.test", {"eve@b.test"}));
  EXPECT_EQ(whose("eve@b.test"), "office@a.test:w");
  ASSERT_TRUE(d->remove_alias("sales@a.test", {"all@a.test"}));
  EXPECT_EQ(whose("bob@a.test"), "");
  // An account of that name is no group.
  ASSERT_TRUE(d->set_shares("office@a.test", {{"group:bob@a.test", "lr"}}));
  EXPECT_EQ(whose("bob@a.test"), "");
}

TEST_P(Shares, GoWithTheAccounts) {
  ASSERT_TRUE(d->set_shares("ann@a.test", {{"bob@a.test", "lr"}, {"eve@b.test", "lr"}}));
  ASSERT_TRUE(d->remove_account("bob@a.test"));
  ASSERT_TRUE(d->add_account("bob@a.test", "", {}, ""));  // another one
  EXPECT_EQ(whose("bob@a.test"), "");
  EXPECT_EQ(whose("eve@b.test"), "ann@a.test:r");
  ASSERT_TRUE(d->remove_account("ann@a.test"));
  EXPECT_EQ(whose("eve@b.test"), "");
  EXPECT_FALSE(d->set_shares("ann@a.test", {{"bob@a.test", "lr"}}));
}

TEST_P(Shares, AreBounded) {
  for (const char* wrong : {"", "-bob@a.test", "bob@a.test/x", "b ob@a.test", "b\nob@a.test"}) EXPECT_FALSE(d->set_shares("ann@a.test", {{wrong, "lr"}})) << wrong;
  for (const char* wrong : {"", "q", "LR", "l r"}) EXPECT_FALSE(d->set_shares("ann@a.test", {{"bob@a.test", wrong}})) << wrong;
  Grantees many;
  for (std::size_t i = 0; i < max_grantees; i++) many[std::to_string(i) + "@b.test"] = "lr";
  EXPECT_TRUE(d->set_shares("ann@a.test", many));
  many["bob@a.test"] = "lr";
  EXPECT_FALSE(d->set_shares("ann@a.test", many));
  // Of very many that are for anyone a login sees the first.
  for (std::size_t i = 0; i < max_shared + 20; i++) {
    std::string who = "n" + std::to_string(i) + "@b.test";
    ASSERT_TRUE(d->add_account(who, "", {}, ""));
    ASSERT_TRUE(d->set_shares(who, {{"anyone", "lr"}}));
  }
  EXPECT_EQ(access("bob@a.test").shared.size(), max_shared);
  EXPECT_LE(access("bob@a.test").text().size(), 64u << 10);
}

INSTANTIATE_TEST_SUITE_P(Records, Shares, ::testing::Bool(), [](auto& i) { return i.param ? "bdb" : "memory"; });

TEST(AccessText, IsReadAsItWasWritten) {
  Access a;
  a.identities = {"bob@a.test", "anyone", "group:sales@a.test"};
  a.shared = {{"ann@a.test", "a.test/ann", true, 7}, {"office@a.test", "a.test/office", false, 0}};
  a.told = to_text({{"anyone", "lr"}, {"x=y@a.test", "l"}});
  Access b = Access::parse(a.text());
  EXPECT_EQ(b.text(), a.text());
  EXPECT_EQ(b.shared[0].owner, "ann@a.test");
  EXPECT_TRUE(b.shared[0].may_write);
  EXPECT_EQ(grantees_of(b.told)["x=y@a.test"], "l");
  // Any bytes: nothing of them is more than text.
  std::string text = a.text();
  for (std::size_t n = 0; n <= text.size(); n++) (void)Access::parse(text.substr(0, n));
  for (std::size_t i = 0; i < text.size(); i++)
    for (char c : {'\n', '\t', 's', '\0', '\xff'}) {
      std::string bad = text;
      bad[i] = c;
      EXPECT_LE(Access::parse(bad).shared.size(), 3u);
    }
}

}  // namespace
}  // namespace jd::directory
