// SPDX-License-Identifier: MIT
// What is told of mailboxes that are full, and of the aliases that lead to them.
#include <gtest/gtest.h>

#include "cmd/directoryd/service.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
using ipc::Message;
struct Full : ::testing::Test {
  net::Loop loop;
  std::string said;
  std::optional<DirectoryService> service;
  Full() {
    log::capture(&said);
    directory::Directory d(directory::memory_records());
    EXPECT_TRUE(d.add_domain("example.test"));
    for (const char* name : {"ann", "bob"}) EXPECT_TRUE(d.add_account(std::string(name) + "@example.test", "", {.bytes = 50'000}, ""));
    auto alias = [&](const std::string& from, std::vector<std::string> to) {
      for (auto& t : to)
        if (t.find(':') == t.npos) t += t.find('@') == t.npos ? "@example.test" : "";
      EXPECT_TRUE(d.add_alias(from + "@example.test", to)) << from;
    };
    alias("one", {"ann"});
    alias("both", {"one", "bob"});
    alias("round", {"both", "again"});
    alias("again", {"round", "ann"});
    alias("only-round", {"and-round"});
    alias("and-round", {"only-round"});
    alias("two-ways", {"one", "other"});
    alias("other", {"ann"});
    alias("outside", {"ann", "x@elsewhere.test"});
    alias("kept", {"ann", "maildir:/srv/x"});
    alias("", {"ann"});  // whatever else is there
    service.emplace(loop, std::move(d), *directory::Generation::create(::testing::TempDir()), Quota{});
  }
  ~Full() override { log::capture(nullptr); }
  void full(const std::string& who, uint64_t bytes) {
    Message m("full");
    m.set("account", who + "@example.test").set("bytes", bytes);
    service->ask(std::move(m), [](Message) {});
  }
  uint64_t full_for(const std::string& who) {
    Message m("resolve");
    m.set("address", who + "@example.test");
    uint64_t n = UINT64_MAX;
    service->ask(std::move(m), [&](Message a) { n = a.number("full"); });
    return n;
  }
};
}  // namespace

TEST_F(Full, AliasesAreWhenAllThatTheyLeadToIs) {
  for (const char* who : {"ann", "one", "both", "round", "anybody"}) EXPECT_EQ(full_for(who), 0u) << who;
  full("ann", 3000);
  for (const char* who : {"ann", "ann+tag", "one", "two-ways", "anybody"}) EXPECT_EQ(full_for(who), 3000u) << who;
  for (const char* who : {"bob", "both", "round", "again", "outside", "kept", "only-round"}) EXPECT_EQ(full_for(who), 0u) << who;
  full("bob", 9000);
  full("ann", 2000);
  for (const char* who : {"both", "round", "again"}) EXPECT_EQ(full_for(who), 9000u) << who << ": what is smaller still fits into one of them";
  EXPECT_EQ(full_for("one"), 2000u);
  for (const char* who : {"outside", "kept", "only-round"}) EXPECT_EQ(full_for(who), 0u) << who;
}

}  // namespace jd
