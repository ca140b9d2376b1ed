// SPDX-License-Identifier: MIT
#include "lib/directory/directory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/directory/bdb.h"

namespace jd::directory {
namespace {
std::string scratch() {
  char name[] = "/tmp/jdmail-dir-XXXXXX";
  return ::mkdtemp(name);
}
}  // namespace

// Everything twice: in memory and on Berkeley DB.
class Both : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      path = scratch();
      auto r = open_bdb(path + "/env");
      ASSERT_TRUE(r) << r.error().what;
      d = std::make_unique<Directory>(std::move(*r));
    } else {
      d = std::make_unique<Directory>(memory_records());
    }
    ASSERT_TRUE(d->add_domain("Example.Test"));
  }
  void TearDown() override {
    d.reset();
    if (!path.empty()) (void)file::remove_tree(path);  // scratch
  }
  Route route(std::string_view a) {
    auto r = d->resolve(a);
    EXPECT_TRUE(r);
    return r ? *r : Route();
  }
  std::unique_ptr<Directory> d;
  std::string path;
};
INSTANTIATE_TEST_SUITE_P(Directory, Both, ::testing::Bool());

TEST_P(Both, ResolvesWhatItWasTold) {
  ASSERT_TRUE(d->add_account("Ann@example.test", "$h", {.bytes = 1000}, "Ann 安"));
  ASSERT_TRUE(d->add_alias("sales@example.test", {"ann@example.test", "bob@elsewhere.test", "maildir:/srv/x"}));
  Route a = route("ANN@EXAMPLE.TEST");
  EXPECT_EQ(a.kind, Route::Kind::account);
  EXPECT_EQ(a.account.address, "ann@example.test");
  EXPECT_EQ(a.account.path, "example.test/ann");
  EXPECT_EQ(a.account.quota.bytes, 1000u);
  EXPECT_EQ(a.account.name, "Ann 安");
  Route t = route("ann+News@example.test");
  EXPECT_EQ(t.kind, Route::Kind::account);
  EXPECT_EQ(t.tag, "News");
  EXPECT_EQ(t.address, "ann@example.test");
  EXPECT_EQ(route("sales@example.test").targets.size(), 3u);
  EXPECT_EQ(route("nobody@example.test").kind, Route::Kind::unknown);
  EXPECT_EQ(route("x@elsewhere.test").kind, Route::Kind::remote);
  EXPECT_EQ(route("\"odd one\"@example.test").kind, Route::Kind::unknown);
  EXPECT_EQ(route("\"odd one\"@elsewhere.test").kind, Route::Kind::remote);
  EXPECT_EQ(route("postmaster@example.test").targets, std::vector<std::string>{"ann@example.test"});
  ASSERT_TRUE(d->add_alias("@example.test", {"ann@example.test"}));
  EXPECT_EQ(route("nobody@example.test").kind, Route::Kind::alias);
}

TEST_P(Both, KeepsQuotasOfAccountsAndDomains) {
  ASSERT_TRUE(d->add_account("ann@example.test", "", {.bytes = 1000}, ""));
  auto quota = [&] { return *d->quota_of(**d->account("ann@example.test")); };
  EXPECT_EQ(quota(), (Quota{.bytes = 1000}));
  ASSERT_TRUE(d->set_quota("ann@example.test", std::nullopt, 50));
  ASSERT_TRUE(d->set_domain_quota("Example.test", 7000, std::nullopt));
  EXPECT_EQ(quota(), (Quota{1000, 50, 7000, 0}));
  ASSERT_TRUE(d->set_quota("ann@example.test", 0, std::nullopt));
  ASSERT_TRUE(d->set_domain_quota("example.test", std::nullopt, 400));
  EXPECT_EQ(quota(), (Quota{0, 50, 7000, 400}));
  EXPECT_FALSE(d->set_domain_quota("b.test", 1, 1));
  EXPECT_FALSE(d->set_quota("bob@example.test", 1, 1));
  EXPECT_EQ(d->domains()->at(0).quota_messages, 400u);
}

TEST_P(Both, RefusesWithTheReason) {
  ASSERT_TRUE(d->add_account("ann@example.test", "", {}, ""));
  auto what = [](auto r) { return r ? std::string("accepted") : r.error().what; };
  EXPECT_EQ(what(d->add_domain("example.test")), "domain example.test exists already");
  EXPECT_EQ(what(d->add_domain("-bad-")), "'-bad-' is not a domain name");
  EXPECT_EQ(what(d->add_account("ann@example.test", "", {}, "")), "account ann@example.test exists already");
  EXPECT_EQ(what(d->add_account("a@b.test", "", {}, "")), "no domain b.test: add it first with `jdctl domain add b.test`");
  EXPECT_NE(what(d->add_account("no-at", "", {}, "")).find("it has no '@'"), std::string::npos);
  EXPECT_NE(what(d->add_account("../x@example.test", "", {}, "")).find("is not an address"), std::string::npos);
  EXPECT_NE(what(d->add_account("@example.test", "", {}, "")).find("no local part"), std::string::npos);
  EXPECT_EQ(what(d->add_alias("ann@example.test", {"b@c.test"})), "ann@example.test is an account already");
  EXPECT_EQ(what(d->add_alias("x@example.test", {"X@example.test"})), "alias x@example.test cannot point to itself");
  EXPECT_NE(what(d->add_alias("x@example.test", {"maildir:/a/../b"})).find("'..'"), std::string::npos);
  EXPECT_NE(what(d->remove_domain("example.test")).find("still has accounts"), std::string::npos);
  EXPECT_EQ(what(d->remove_account("bob@example.test")), "no account bob@example.test");
}

TEST_P(Both, AccountsChangeAndGo) {
  for (const char* n : {"ann", "bob", "cat"}) ASSERT_TRUE(d->add_account(std::string(n) + "@example.test", "", {}, ""));
  ASSERT_TRUE(d->add_domain("other.test"));
  ASSERT_TRUE(d->add_account("dan@other.test", "", {}, ""));
  EXPECT_EQ(d->accounts("", "", 100)->size(), 4u);
  EXPECT_EQ(d->accounts("example.test", "", 2)->back().address, "bob@example.test");
  EXPECT_EQ(d->accounts("example.test", "bob@example.test", 2)->front().address, "cat@example.test");
  ASSERT_TRUE(d->set_password("bob@example.test", "$new"));
  ASSERT_TRUE(d->set_suspended("bob@example.test", true));
  auto bob = d->account("bob@example.test");
  EXPECT_EQ((*bob)->password_hash, "$new");
  EXPECT_TRUE((*bob)->is_suspended);
  EXPECT_EQ((*bob)->revision, 3u);
  EXPECT_EQ((*d->account_for_login("bob"))->address, "bob@example.test");
  EXPECT_FALSE(*d->account_for_login("dan"));
  ASSERT_TRUE(d->remove_account("ann@example.test"));
  EXPECT_EQ(route("postmaster@example.test").targets, std::vector<std::string>{"bob@example.test"});
  EXPECT_FALSE(*d->account("ann@example.test"));
  ASSERT_TRUE(d->add_alias("all@example.test", {"bob@example.test", "cat@example.test"}));
  ASSERT_TRUE(d->remove_alias("all@example.test", {"bob@example.test"}));
  EXPECT_EQ(d->aliases("", "", 10)->front().targets.size(), 1u);
  ASSERT_TRUE(d->remove_alias("all@example.test", {}));
  EXPECT_TRUE(d->aliases("", "", 10)->empty());
}

TEST(Record, KeepsWhatALaterVersionAdded) {
  Account a;
  a.address = "a@b.test";
  std::string bytes = encode(a) + std::string("colour=blue\0", 12);
  auto back = decode_account(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->unknown.size(), 1u);
  EXPECT_NE(encode(*back).find("colour=blue"), std::string::npos);
  for (std::size_t n = 0; n < bytes.size(); n++) (void)decode_account(bytes.substr(0, n));  // must not read beyond
  EXPECT_FALSE(decode_account("version=2"));
  EXPECT_FALSE(decode_account(""));
}

TEST_P(Both, WhoMaySendFromWhichAddress) {
  for (const char* n : {"ann", "bob"}) ASSERT_TRUE(d->add_account(std::string(n) + "@example.test", "", {}, ""));
  ASSERT_TRUE(d->add_alias("team@example.test", {"crew@example.test"}));
  ASSERT_TRUE(d->add_alias("crew@example.test", {"team@example.test", "maildir:/x", "ann@example.test"}));
  auto may = [&](const char* account, const char* address) { return *d->may_send(account, address); };
  for (const char* own : {"ann@example.test", "ANN@example.test", "ann+x@example.test", "team@example.test", "team+x@example.test", "crew@example.test", "postmaster@example.test"})
    EXPECT_TRUE(may("ann@example.test", own)) << own;
  for (const char* other : {"bob@example.test", "nobody@example.test", "ann@elsewhere.test", "", "ann", "@example.test", "annx@example.test", "\"a b\"@example.test"})
    EXPECT_FALSE(may("ann@example.test", other)) << other;
  EXPECT_FALSE(may("bob@example.test", "team@example.test"));
  EXPECT_FALSE(may("nobody@example.test", "nobody@example.test"));
  ASSERT_TRUE(d->add_send_as("bob@example.test", {"Boss@elsewhere.test", "ann@example.test", "@all.test"}));
  for (const char* given : {"boss@elsewhere.test", "ann@example.test", "ann+y@example.test", "x@all.test"}) EXPECT_TRUE(may("bob@example.test", given)) << given;
  EXPECT_FALSE(may("bob@example.test", "x@sub.all.test"));
  EXPECT_FALSE(may("ann@example.test", "boss@elsewhere.test"));
  EXPECT_EQ(d->add_send_as("bob@example.test", {"boss@elsewhere.test"}).error().what, "bob@example.test may send as boss@elsewhere.test already");
  EXPECT_EQ(d->remove_send_as("ann@example.test", {"boss@elsewhere.test"}).error().what, "ann@example.test has not the right to send as boss@elsewhere.test");
  ASSERT_TRUE(d->remove_send_as("bob@example.test", {"BOSS@elsewhere.test"}));
  EXPECT_FALSE(may("bob@example.test", "boss@elsewhere.test"));
}

// Whatever add_account said yes to is there after the process was killed in the middle of its work.
TEST(Bdb, NothingAcknowledgedIsLostByKill) {
  std::string path = scratch();
  for (int round = 0; round < 3; round++) {
    int out[2];
    ASSERT_EQ(::pipe(out), 0);
    pid_t pid = ::fork();
    if (pid == 0) {
      auto r = open_bdb(path + "/env");
      if (!r) ::_exit(1);
      Directory d(std::move(*r));
      if (round == 0 && !d.add_domain("x.test")) ::_exit(2);
      for (int i = 0;; i++) {
        std::string name = fmt::format("u{}-{}@x.test", round, i);
        if (!d.add_account(name, "", {}, "")) ::_exit(3);
        if (::write(out[1], "x", 1) != 1) ::_exit(4);
      }
    }
    ::close(out[1]);
    int acknowledged = 0;
    char c;
    while (acknowledged < 50 && ::read(out[0], &c, 1) == 1) acknowledged++;
    ::kill(pid, SIGKILL);
    while (::read(out[0], &c, 1) == 1) acknowledged++;
    ::close(out[0]);
    ::waitpid(pid, nullptr, 0);
    ASSERT_GE(acknowledged, 50);
    auto r = open_bdb(path + "/env");
    ASSERT_TRUE(r) << r.error().what;
    Directory d(std::move(*r));
    for (int i = 0; i < acknowledged; i++)
      ASSERT_TRUE(*d.account(fmt::format("u{}-{}@x.test", round, i))) << i << " of " << acknowledged;
  }
  (void)file::remove_tree(path);  // scratch
}

}  // namespace jd::directory
