// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/hosts.h"

#include <gtest/gtest.h>

#include "lib/dns/fake.h"

namespace jd {
namespace {

struct HostsTest : ::testing::Test {
  net::Loop loop;
  dns::FakeResolver dns{loop, {{"mx", "two.test", "20 b.test"}, {"mx", "two.test", "10 a.test"}, {"a", "a.test", "192.0.2.1"},
                               {"aaaa", "a.test", "2001:db8::1"}, {"a", "b.test", "192.0.2.2"}, {"a", "plain.test", "192.0.2.3"},
                               {"aaaa", "six.test", "2001:db8::6"}, {"mx", "null.test", "0 ."}, {"name", "bare.test", ""},
                               {"mx", "lost.test", "10 gone.test"}, {"fail", "broken.test", ""}, {"mx", "half.test", "10 broken.test"},
                               {"mx", "half.test", "20 b.test"}, {"mx", "dark.test", "10 broken.test"}, {"mx", "us.test", "10 b.test"},
                               {"a", "me.test", "192.0.2.9"}}};
  OwnAddresses own = *OwnAddresses::of("me.test", {"192.0.2.2:25", "unix:/x"});

  // "a.test=192.0.2.1:25 ..." or "code"
  std::string find(const std::string& domain, bool is_host = false) {
    std::string text;
    bool told = false;
    HostFinder f(dns, own);
    auto done = [&](HostsAnswer a) {
      told = true;
      for (auto& h : a.hosts) text += (text.empty() ? "" : " ") + h.name + "=" + h.address.text();
      if (a.hosts.empty()) text = a.code;
      EXPECT_EQ(a.hosts.empty() && a.fate == queue::Fate::perm, text[0] == '5') << text;
    };
    is_host ? f.of_host(domain, 25, true, done) : f.of_domain(domain, 25, true, done);
    for (int i = 0; i < 50 && !told; i++) loop.run_once(milliseconds(1));
    EXPECT_TRUE(told);
    return text;
  }
};

TEST_F(HostsTest, in_the_order_of_preference_with_all_addresses) {
  own = {};
  EXPECT_EQ(find("two.test"), "a.test=192.0.2.1:25 a.test=[2001:db8::1]:25 b.test=192.0.2.2:25");
  EXPECT_EQ(find("plain.test"), "plain.test=192.0.2.3:25");
  EXPECT_EQ(find("six.test"), "six.test=[2001:db8::6]:25");
  EXPECT_EQ(find("[192.0.2.7]"), "192.0.2.7=192.0.2.7:25");
  EXPECT_EQ(find("[IPv6:2001:db8::7]"), "2001:db8::7=[2001:db8::7]:25");
  EXPECT_EQ(find("half.test"), "b.test=192.0.2.2:25") << "a host whose address nobody knows now is left out";
}

TEST_F(HostsTest, and_why_there_are_none) {
  EXPECT_EQ(find("null.test"), "5.1.10");
  EXPECT_EQ(find("absent.test"), "5.1.2");
  EXPECT_EQ(find("bare.test"), "5.1.2");
  EXPECT_EQ(find("lost.test"), "5.1.2");
  EXPECT_EQ(find("broken.test"), "4.4.3");
  EXPECT_EQ(find("dark.test"), "4.4.3");
  EXPECT_EQ(find("[no address]"), "5.1.2");
}

TEST_F(HostsTest, ourselves_and_what_is_no_better_are_left_out) {
  EXPECT_EQ(find("two.test"), "a.test=192.0.2.1:25 a.test=[2001:db8::1]:25");
  EXPECT_EQ(find("us.test"), "5.4.6");
  EXPECT_EQ(find("me.test"), "5.4.6") << "by its name";
  EXPECT_EQ(find("half.test"), "4.4.3") << "a better host may be back";
  EXPECT_EQ(find("b.test", true), "b.test=192.0.2.2:25") << "a smarthost is what the operator says";
  dns.add({"mx", "equal.test", "10 a.test"});
  dns.add({"mx", "equal.test", "10 b.test"});
  EXPECT_EQ(find("equal.test"), "5.4.6");
}

TEST_F(HostsTest, a_finder_that_goes_is_not_called_back) {
  {
    HostFinder f(dns, own);
    f.of_domain("two.test", 25, true, [](HostsAnswer) { ADD_FAILURE(); });
    loop.run_once();  // the addresses are being asked for
  }
  for (int i = 0; i < 10; i++) loop.run_once();
  EXPECT_EQ(dns.waiting(), 0u);
}

TEST(OwnAddresses, listening_on_all_means_all_of_this_machine) {
  auto own = *OwnAddresses::of("localhost", {"0.0.0.0:2525"});
  EXPECT_TRUE(own.is_us(*net::Address::of("127.0.0.77", 2525)));
  EXPECT_FALSE(own.is_us(*net::Address::of("127.0.0.77", 25)));
  EXPECT_FALSE(own.is_us(*net::Address::of("::1", 2525)));
  EXPECT_FALSE(own.is_us(*net::Address::of("192.0.2.1", 2525)));
  EXPECT_FALSE(own.is_us("localhost")) << "everybody's name";
  EXPECT_TRUE(OwnAddresses::of("x", {"[::]:25"})->is_us(*net::Address::of("127.0.0.1", 25)));
  EXPECT_FALSE(OwnAddresses::of("x", {"nonsense"}));
}

// DANE: what is asked, and what it means (RFC 7672 §2.2).
struct DaneTest : ::testing::Test {
  net::Loop loop;
  static constexpr const char* ee = "030101" "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  static constexpr const char* pkix = "010101" "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  dns::FakeResolver dns{loop, {{"secure", "safe.test", ""}, {"mx", "safe.test", "10 mx.safe.test"}, {"a", "mx.safe.test", "192.0.2.1"}, {"tlsa", "_25._tcp.mx.safe.test", ee},
                               {"mx", "none.safe.test", "10 bare.safe.test"}, {"a", "bare.safe.test", "192.0.2.2"},
                               {"mx", "pkix.safe.test", "10 pk.safe.test"}, {"a", "pk.safe.test", "192.0.2.3"}, {"tlsa", "_25._tcp.pk.safe.test", pkix},
                               {"mx", "dead.safe.test", "10 d.safe.test"}, {"a", "d.safe.test", "192.0.2.4"}, {"fail", "_25._tcp.d.safe.test", ""},
                               {"mx", "out.safe.test", "10 mx.plain.test"}, {"a", "mx.plain.test", "192.0.2.5"}, {"tlsa", "_25._tcp.mx.plain.test", ee},
                               {"mx", "six.safe.test", "10 s.safe.test"}, {"a", "s.safe.test", "192.0.2.6"}, {"tlsa", "_25._tcp.s.safe.test", ee},
                               {"mx", "cn.safe.test", "10 c.safe.test"}, {"cname", "c.safe.test", "mx.safe.test"}, {"a", "c.safe.test", "192.0.2.1"},
                               {"mx", "away.safe.test", "10 w.safe.test"}, {"cname", "w.safe.test", "mx.plain.test"}, {"a", "w.safe.test", "192.0.2.7"}, {"tlsa", "_25._tcp.w.safe.test", ee},
                               {"mx", "deaf.safe.test", "10 f.safe.test"}, {"cname", "f.safe.test", "mx.plain.test"}, {"a", "f.safe.test", "192.0.2.8"}, {"tlsa", "_25._tcp.f.safe.test", ee}, {"fail cname", "f.safe.test", ""},
                               {"mx", "far.safe.test", "10 v.plain.test"}, {"cname", "v.plain.test", "mx.plain.test"}, {"a", "v.plain.test", "192.0.2.9"}, {"silent", "_25._tcp.v.plain.test", ""},
                               {"mx", "plain.test", "10 mx.safe.test"}}};
  OwnAddresses own;
  Host find(const std::string& domain) {
    Host host;
    bool told = false;
    HostFinder f(dns, own);
    f.of_domain(domain, 25, true, [&](HostsAnswer a) {
      told = true;
      ASSERT_EQ(a.hosts.size(), 1u);
      host = a.hosts[0];
      EXPECT_EQ(a.is_secure, domain.ends_with("safe.test"));
    });
    for (int i = 0; i < 50 && !told; i++) loop.run_once(milliseconds(1));
    EXPECT_TRUE(told) << domain;
    return host;
  }
};

TEST_F(DaneTest, knows_what_the_records_are_worth) {
  EXPECT_EQ(find("safe.test").dane, smtp::Dane::usable);
  EXPECT_EQ(find("safe.test").tlsa_base, "mx.safe.test");
  EXPECT_EQ(find("none.safe.test").dane, smtp::Dane::none);
  EXPECT_EQ(find("pkix.safe.test").dane, smtp::Dane::unusable);
  EXPECT_EQ(find("dead.safe.test").dane, smtp::Dane::failed);
  EXPECT_EQ(find("out.safe.test").dane, smtp::Dane::none) << "the host is not in a signed zone";
  EXPECT_EQ(find("cn.safe.test").dane, smtp::Dane::usable);
  EXPECT_EQ(find("cn.safe.test").tlsa_base, "mx.safe.test") << "of the name that the alias led to";
}

// RFC 7672 §2.2.2: an alias in a signed zone for a host in one that is not.
TEST_F(DaneTest, believes_the_records_of_an_alias_that_leads_out_of_what_is_signed) {
  Host h = find("away.safe.test");
  EXPECT_EQ(h.dane, smtp::Dane::usable);
  EXPECT_EQ(h.tlsa_base, "w.safe.test");
  for (auto& a : dns.asked) EXPECT_NE(a, "tlsa _25._tcp.mx.plain.test");
  EXPECT_EQ(find("deaf.safe.test").dane, smtp::Dane::failed) << "to hold back the alias would be a way around";
  EXPECT_EQ(find("far.safe.test").dane, smtp::Dane::none) << "the alias is not signed either";
  EXPECT_EQ(dns.abandoned.size(), 1u) << "nobody waits for its records";
}

TEST_F(DaneTest, asks_for_nothing_more_where_the_domain_is_not_signed) {
  EXPECT_EQ(find("plain.test").dane, smtp::Dane::none);
  for (auto& a : dns.asked) EXPECT_FALSE(a.starts_with("tlsa")) << a;
}

TEST(SplitHostPort, takes_names_and_addresses) {
  for (auto [text, host, port] : {std::tuple("mail.test:587", "mail.test", 587), {"mail.test", "mail.test", 25}, {"[::1]:26", "::1", 26},
                                  {"[::1]", "::1", 25}, {"::1", "::1", 25}, {"192.0.2.1:99", "192.0.2.1", 99}, {"x:0", "x", 25}, {"x:y", "x", 25}, {"", "", 25}}) {
    auto r = split_host_port(text, 25);
    EXPECT_EQ(r.host, host) << text;
    EXPECT_EQ(r.port, port) << text;
  }
}
}  // namespace
}  // namespace jd
