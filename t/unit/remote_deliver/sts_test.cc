// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/sts.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/dns/fake.h"

namespace jd {
namespace {

// Without a web server: what the DNS and the kept policies alone decide; the rest is t/system/relay_tls.sh.
struct StsTest : ::testing::Test {
  ManualClock clock;
  std::string lines, dir;
  net::Loop loop;
  dns::FakeResolver dns{loop, {{"txt", "_mta-sts.x.test", "v=STSv1; id=1"}, {"name", "y.test", ""}}};
  std::unique_ptr<http::Client> web;
  std::optional<journal::StateFile> kept;
  std::shared_ptr<int> alive = std::make_shared<int>(0);

  StsTest() {
    set_clock(&clock);
    log::capture(&lines);
    char name[] = "/tmp/jdmail-sts-XXXXXX";
    dir = ::mkdtemp(name);
    http::Options o;
    o.resolve = [](const std::string&, uint16_t, std::function<void(Result<std::vector<net::Address>>)> done) { done(fail(Fault::temp, "no address")); };
    web = std::move(*http::Client::open(loop, std::move(o)));
    auto k = journal::StateFile::open(dir, "s");
    kept.emplace(std::move(*k));
  }
  ~StsTest() override {
    log::capture(nullptr);
    set_clock(nullptr);
    (void)file::remove_tree(dir);
  }
  StsAnswer find(StsPolicies& p, const std::string& domain) {
    StsAnswer got;
    bool is_done = false;
    p.find(domain, alive, [&](const StsAnswer& a) { got = a, is_done = true; });
    for (int i = 0; i < 2000 && !is_done; i++) loop.run_once(milliseconds(1));
    EXPECT_TRUE(is_done);
    return got;
  }
  std::size_t asked(const std::string& what) const { return static_cast<std::size_t>(std::count(dns.asked.begin(), dns.asked.end(), what)); }
  void keep(const std::string& domain, Span age, int64_t max_age) {
    EXPECT_TRUE(kept->set("sts " + domain, fmt::format("1\n{}\nversion: STSv1\nmode: enforce\nmx: mx.test\nmax_age: {}\n", (clock.at - age).seconds(), max_age)));
  }
};

TEST_F(StsTest, a_domain_without_a_record_is_asked_for_once_in_a_while) {
  StsPolicies p(loop, dns, web.get(), &*kept, 443);
  for (int i = 0; i < 3; i++) EXPECT_FALSE(find(p, "y.test").policy);
  EXPECT_EQ(asked("txt _mta-sts.y.test"), 1u);
  clock.advance(StsPolicies::look_time);
  EXPECT_FALSE(find(p, "y.test").policy);
  EXPECT_EQ(asked("txt _mta-sts.y.test"), 2u);
}

TEST_F(StsTest, a_policy_that_cannot_be_fetched_is_none_and_says_why) {
  StsPolicies p(loop, dns, web.get(), &*kept, 443);
  auto a = find(p, "x.test");
  EXPECT_FALSE(a.policy);
  EXPECT_EQ(a.failure, "sts-policy-fetch-error");
  EXPECT_NE(lines.find("sts_failed"), lines.npos);
}

TEST_F(StsTest, a_kept_policy_holds_until_its_time_is_over) {
  keep("x.test", seconds(50), 100);
  keep("old.test", seconds(200), 100);
  StsPolicies p(loop, dns, web.get(), &*kept, 443);
  EXPECT_FALSE(kept->get("sts old.test"));
  auto a = find(p, "x.test");
  ASSERT_TRUE(a.policy);
  EXPECT_TRUE(a.policy->allows("mx.test"));
  clock.advance(seconds(49));
  EXPECT_TRUE(find(p, "x.test").policy) << "whatever the web server says meanwhile";
  clock.advance(seconds(2));
  EXPECT_FALSE(find(p, "x.test").policy);
}

TEST_F(StsTest, who_is_gone_is_not_told) {
  StsPolicies p(loop, dns, web.get(), &*kept, 443);
  p.find("y.test", alive, [](const StsAnswer&) { ADD_FAILURE(); });
  alive.reset();
  for (int i = 0; i < 20; i++) loop.run_once();
}
}  // namespace
}  // namespace jd
