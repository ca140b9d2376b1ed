// SPDX-License-Identifier: MIT
#include "lib/dns/dnssec.h"

#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "lib/dns/fake.h"

namespace jd::dns {
namespace {

TEST(TrustAnchors, reads_a_file) {
  auto a = trust_anchors("; comment\n\n. 172800 IN DS 20326 8 2 E06D ; x\nexample.org. IN DNSKEY 257 3 13 abc\n. IN DS 1 8 2 00\n");
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[0], ". 172800 IN DS 20326 8 2 E06D");
  EXPECT_EQ(anchor_names(a), (std::vector<std::string>{".", "example.org."}));
}

struct Probing : ::testing::Test {
  ManualClock clock;
  std::string lines;
  net::Loop loop;
  FakeResolver* good = nullptr;
  FakeResolver* plain = nullptr;
  std::unique_ptr<ProbingResolver> r;
  Probing() {
    set_clock(&clock);
    log::capture(&lines);
    auto v = std::make_unique<FakeResolver>(loop, std::initializer_list<FakeResolver::Row>{{"a", "x.test", "192.0.2.1"}, {"secure", "x.test", ""}});
    auto p = std::make_unique<FakeResolver>(loop, std::initializer_list<FakeResolver::Row>{{"a", "x.test", "192.0.2.1"}});
    good = v.get();
    plain = p.get();
    r = std::make_unique<ProbingResolver>(loop, std::move(v), std::move(p), std::vector<std::string>{"."});
  }
  ~Probing() override {
    r.reset();
    log::capture(nullptr);
    set_clock(nullptr);
  }
  AddressAnswer ask() {
    AddressAnswer got;
    bool is_done = false;
    r->addresses("x.test", 25, [&](AddressAnswer a) { got = std::move(a), is_done = true; });
    for (int i = 0; i < 50 && !is_done; i++) loop.run_once();
    EXPECT_TRUE(is_done);
    return got;
  }
};

TEST_F(Probing, validates_where_it_can_and_never_falls_back) {
  good->add({"dnskey", ".", "key"});
  good->add({"secure", ".", ""});
  EXPECT_TRUE(ask().is_secure);
  EXPECT_TRUE(r->is_validating());
  EXPECT_EQ(good->asked[0], "dnskey .");
  good->add({"fail", "x.test", "DNSSEC: bogus"});
  EXPECT_EQ(ask().outcome, Outcome::failed) << "what is bogus is not asked for without validation";
  EXPECT_TRUE(plain->asked.empty());
}

TEST_F(Probing, goes_on_without_and_tries_again) {
  good->add({"fail", ".", "DNSSEC: no keys"});
  auto a = ask();
  EXPECT_EQ(a.outcome, Outcome::found);
  EXPECT_FALSE(a.is_secure);
  EXPECT_NE(lines.find("dnssec_off"), lines.npos);
  auto before = good->asked.size();
  ask();
  EXPECT_EQ(good->asked.size(), before);
  clock.advance(ProbingResolver::retry_time);
  for (int i = 0; i < 5; i++) loop.run_once();
  EXPECT_EQ(good->asked.size(), before + 1);
}
}  // namespace
}  // namespace jd::dns
