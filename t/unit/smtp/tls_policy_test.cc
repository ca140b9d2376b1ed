// SPDX-License-Identifier: MIT
#include "lib/smtp/tls_policy.h"

#include <gtest/gtest.h>

namespace jd::smtp {
namespace {
using Use = TlsPlan::Use;
using Check = TlsPlan::Check;

// ---- MTA-STS

TEST(MtaSts, finds_the_one_record) {
  EXPECT_EQ(sts_id({"v=STSv1; id=20260101Z;"}), "20260101Z");
  EXPECT_EQ(sts_id({"other", "v=STSv1;id=a ; x=y"}), "a");
  EXPECT_FALSE(sts_id({"v=STSv1; id=a", "v=STSv1; id=a"}));
  EXPECT_FALSE(sts_id({"v=STSv1;"}));
  EXPECT_FALSE(sts_id({"v=STSv1; id=a-b"}));
  EXPECT_FALSE(sts_id({"v=STSv10; id=a"}));
  EXPECT_FALSE(sts_id({"v=STSv1; id=" + std::string(33, 'a')}));
  EXPECT_FALSE(sts_id({}));
}

TEST(MtaSts, reads_a_policy) {
  auto p = parse_sts_policy("version: STSv1\r\nmode: enforce\r\nmx: MX.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\nnew: x\r\n");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(p->max_age, days(7));
  EXPECT_TRUE(p->allows("mx.example.org"));
  EXPECT_TRUE(p->allows("a.example.net."));
  EXPECT_FALSE(p->allows("a.b.example.net"));
  EXPECT_FALSE(p->allows("example.net"));
  EXPECT_FALSE(p->allows(".example.net"));
  EXPECT_FALSE(p->allows("mx.example.org.evil.test"));
  EXPECT_EQ(parse_sts_policy(p->text())->text(), p->text());
}

TEST(MtaSts, refuses_what_is_no_policy) {
  std::string good = "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 1\n";
  EXPECT_TRUE(parse_sts_policy(good));
  for (std::string bad : {"", "<html>", "mode: enforce\nmx: a.test\nmax_age: 1\n", "version: STSv1\nmode: enforce\nmax_age: 1\n", "version: STSv1\nmx: a.test\nmax_age: 1\n",
                          "version: STSv1\nmode: enforce\nmx: a.test\n", "version: STSv2\nmode: none\nmax_age: 1\n", "version: STSv1\nmode: maybe\nmax_age: 1\n",
                          "version: STSv1\nmode: none\nmax_age: -1\n", "version: STSv1\nmode: enforce\nmx: *.*.test\nmax_age: 1\n", "version: STSv1\nmode: enforce\nmx: a..test\nmax_age: 1\n"})
    EXPECT_FALSE(parse_sts_policy(bad)) << bad;
  EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 1\n"));
  EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 9999999999\n")->max_age, seconds(31'557'600));
  EXPECT_FALSE(parse_sts_policy(good + std::string(70'000, 'x')));
  std::string many = good;
  for (int i = 0; i < 300; i++) many += "mx: a.test\n";
  EXPECT_FALSE(parse_sts_policy(many));
}

// ---- the operator's table

TEST(TlsTable, the_most_specific_line_counts) {
  auto t = TlsTable::parse("# us\n* may\nexample.org verify match=mx.example.org,.example.org # x\n.example.org none\n\n.b.example.org dane-only\n", "f");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->of("example.org").level, TlsLevel::verify);
  EXPECT_EQ(t->of("example.org").match.size(), 2u);
  EXPECT_EQ(t->of("a.example.org").level, TlsLevel::none);
  EXPECT_EQ(t->of("a.b.example.org").level, TlsLevel::dane_only);
  EXPECT_EQ(t->of("b.example.org").level, TlsLevel::none);
  EXPECT_EQ(t->of("org").level, TlsLevel::may);
  EXPECT_EQ(TlsTable::parse("b\xc3\xbc""cher.test encrypt\n", "f")->of("xn--bcher-kva.test").level, TlsLevel::encrypt);
}

TEST(TlsTable, says_the_line_and_what_is_wrong) {
  for (auto [text, what] : {std::pair{"a.test\n", "f:1: a line is"}, {"\na.test strong", "f:2: unknown level 'strong'"}, {"a.test may match=b", "does not go with may"},
                            {"a.test fingerprint", "needs match"}, {"a.test fingerprint match=12", "no SHA-256"}, {"a@b may", "no domain"}, {"a.test may\nA.test none", "f:2: A.test is there twice"},
                            {"a.test verify match=*.b", "no host name"}}) {
    auto t = TlsTable::parse(text, "f");
    ASSERT_FALSE(t) << text;
    EXPECT_NE(t.error().what.find(what), std::string::npos) << t.error().what;
  }
  std::string print;
  for (int i = 0; i < 32; i++) print += i ? ":0a" : "0A";
  EXPECT_EQ(TlsTable::parse("a.test fingerprint match=" + print, "f")->of("a.test").match[0], std::string(32, '\n'));
}

// ---- what comes of it

struct Asked : TlsQuestion {
  explicit Asked(TlsLevel level = TlsLevel::automatic) {
    rule.level = level;
    domain = "x.test";
    host = "mx.x.test";
  }
};

TEST(TlsPlan, dane_wins_over_mta_sts) {
  StsPolicy sts = *parse_sts_policy("version: STSv1\nmode: enforce\nmx: other.test\nmax_age: 1\n");
  Asked q;
  q.sts = &sts;
  EXPECT_EQ(plan_tls(q).use, Use::skip);
  EXPECT_EQ(plan_tls(q).code, "4.7.5");
  q.dane = Dane::usable;
  EXPECT_EQ(plan_tls(q).use, Use::always);
  EXPECT_EQ(plan_tls(q).check, Check::dane);
  q.dane = Dane::unusable;
  EXPECT_EQ(plan_tls(q).use, Use::always);
  EXPECT_EQ(plan_tls(q).check, Check::any);
  q.dane = Dane::failed;
  EXPECT_EQ(plan_tls(q).use, Use::skip);
  sts.mx = {"mx.x.test"};
  q.dane = Dane::none;
  EXPECT_EQ(plan_tls(q).check, Check::names);
  EXPECT_EQ(plan_tls(q).names, std::vector<std::string>{"mx.x.test"});
  sts.mode = StsPolicy::Mode::testing;
  sts.mx = {"other.test"};
  EXPECT_EQ(plan_tls(q).use, Use::offered);
  EXPECT_EQ(plan_tls(q).source, TlsPlan::Source::sts);
  sts.mode = StsPolicy::Mode::none;
  EXPECT_EQ(plan_tls(q).source, TlsPlan::Source::nothing);
}

TEST(TlsPlan, the_operator_decides) {
  struct Case { TlsLevel level; Use use; Check check; };
  for (auto [level, use, check] : {Case{TlsLevel::automatic, Use::offered, Check::any}, Case{TlsLevel::none, Use::never, Check::any}, Case{TlsLevel::may, Use::offered, Check::any},
                                   Case{TlsLevel::encrypt, Use::always, Check::any}, Case{TlsLevel::dane, Use::offered, Check::any}, Case{TlsLevel::dane_only, Use::skip, Check::any},
                                   Case{TlsLevel::verify, Use::always, Check::names}, Case{TlsLevel::secure, Use::always, Check::names}, Case{TlsLevel::fingerprint, Use::always, Check::fingerprints}}) {
    EXPECT_EQ(plan_tls(Asked(level)).use, use) << name_of(level);
    EXPECT_EQ(plan_tls(Asked(level)).check, check) << name_of(level);
  }
  EXPECT_EQ(plan_tls(Asked(TlsLevel::verify)).names, std::vector<std::string>{"mx.x.test"});
  EXPECT_EQ(plan_tls(Asked(TlsLevel::secure)).names, (std::vector<std::string>{"x.test", ".x.test"}));
  Asked q(TlsLevel::may);
  q.dane = Dane::usable;
  EXPECT_EQ(plan_tls(q).check, Check::any);
  Asked only(TlsLevel::dane_only);
  only.dane = Dane::unusable;
  EXPECT_EQ(plan_tls(only).use, Use::skip);
}

TEST(TlsPlan, requiretls_wants_a_known_host) {
  Asked q;
  q.requiretls = true;
  EXPECT_EQ(plan_tls(q).code, "5.7.30");
  q.is_mx_secure = true;
  EXPECT_EQ(plan_tls(q).check, Check::names);
  q.is_mx_secure = false;
  q.dane = Dane::usable;
  EXPECT_EQ(plan_tls(q).check, Check::dane);
  q.dane = Dane::none;
  StsPolicy sts = *parse_sts_policy("version: STSv1\nmode: enforce\nmx: mx.x.test\nmax_age: 1\n");
  q.sts = &sts;
  EXPECT_EQ(plan_tls(q).check, Check::names);
  q.rule.level = TlsLevel::none;
  EXPECT_EQ(plan_tls(q).code, "5.7.30");
}

TEST(TlsPlan, a_message_may_ask_for_less) {
  Asked q;
  q.dane = Dane::failed;
  q.is_optional = true;
  EXPECT_EQ(plan_tls(q).use, Use::offered);
  q.requiretls = true;
  EXPECT_EQ(plan_tls(q).use, Use::skip);
  q.requiretls = false;
  q.rule.level = TlsLevel::encrypt;  // the operator's word stands
  EXPECT_EQ(plan_tls(q).use, Use::always);
  EXPECT_TRUE(says_tls_optional("A: b\r\nTLS-Required:  no\r\n\r\n"));
  EXPECT_FALSE(says_tls_optional("A: b\r\nTLS-Required: yes\r\n\r\nTLS-Required: No\r\n"));
}
}  // namespace
}  // namespace jd::smtp

#define LLVMFuzzerTestOneInput fuzz_tls_policy
#include "t/fuzz/tls_policy.cc"
#undef LLVMFuzzerTestOneInput

TEST(TlsPolicyFuzz, OurOwnInputs) {
  for (std::string in : {"version: STSv1\nmode: enforce\nmx: *.a.test\nmax_age: 1\n", "v=STSv1; id=a;", "v=TLSRPTv1; rua=mailto:a@b.test,https://c.test/d;", "a.test verify match=b\n.b fingerprint match=00",
                         "\x03\x01\x01 0123456789012345678901234567890", "::::;;;;====\n\n\r\r", ""})
    for (std::size_t n = 0; n <= in.size(); n++) EXPECT_EQ(fuzz_tls_policy(reinterpret_cast<const uint8_t*>(in.data()), n), 0);
}
