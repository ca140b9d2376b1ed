// SPDX-License-Identifier: MIT
#include "lib/smtp/tls_rpt.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "lib/base/json.h"
#include "lib/mime/part.h"
#include "lib/smtp/address_failure.h"
#define LLVMFuzzerTestOneInput fuzz_tls_rpt
#include "t/fuzz/tls_rpt.cc"

namespace jd::smtp {
namespace {

TEST(TlsRpt, finds_the_places) {
  using V = std::vector<std::string>;
  EXPECT_EQ(tlsrpt_places({"v=TLSRPTv1; rua=mailto:a@b.test,https://c.test/d"}), (V{"mailto:a@b.test", "https://c.test/d"}));
  EXPECT_EQ(tlsrpt_places({"other", "v=TLSRPTv1;rua=mailto:a@b.test"}), V{"mailto:a@b.test"});
  for (V bad : {V{"v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:a@b"}, V{"v=TLSRPTv2; rua=mailto:a@b"}, V{"v=TLSRPTv1;"}, V{"v=TLSRPTv1; rua=ftp://x"}, V{"v=TLSRPTv1; rua=mailto:a"}, V{}})
    EXPECT_TRUE(tlsrpt_places(bad).empty());
}

TlsSession failure(const std::string& result, const std::string& ip) {
  TlsSession s;
  s.type = "tlsa";
  s.policy = {"3 1 1 00"};
  s.policy_hosts = {"mx.test"};
  s.result = result;
  s.to_host = "mx.test";
  s.to_ip = ip;
  return s;
}

TEST(TlsRpt, counts_and_survives_being_written_down) {
  TlsCounts c;
  c.add(failure("", "192.0.2.1"));
  for (int i = 0; i < 3; i++) c.add(failure("certificate-expired", "192.0.2.1"));
  c.add(failure("certificate-expired", "192.0.2.2"));
  c.add({});
  auto again = TlsCounts::decode(c.encode());
  EXPECT_EQ(again.encode(), c.encode());
  again.add(failure("", "192.0.2.1"));
  TlsReport r{"us.test", "postmaster@us.test", "id1", "x.test", from_seconds(1'700'006'400), from_seconds(1'700'092'800)};
  auto j = Json::parse(report_json(r, again));
  ASSERT_TRUE(j);
  EXPECT_EQ(j->at("date-range").string("start-datetime"), "2023-11-15T00:00:00Z");
  EXPECT_EQ(j->at("date-range").string("end-datetime"), "2023-11-15T23:59:59Z");
  auto policies = j->at("policies").items();
  ASSERT_EQ(policies.size(), 2u);
  for (auto& p : policies) {
    EXPECT_EQ(p.at("policy").string("policy-domain"), "x.test");
    bool is_tlsa = p.at("policy").string("policy-type") == "tlsa";
    EXPECT_EQ(p.at("summary").number("total-successful-session-count"), is_tlsa ? 2 : 1);
    EXPECT_EQ(p.at("summary").number("total-failure-session-count"), is_tlsa ? 4 : 0);
    EXPECT_EQ(p.at("failure-details").items().size(), is_tlsa ? 2u : 0u);
  }
  for (std::string bad : {"", "[", "{}", "[1]", "[{\"policy\":3}]", "null"}) (void)TlsCounts::decode(bad);
  std::string good = c.encode();
  for (std::size_t n = 0; n < good.size(); n++) {
    std::string bad = good;
    bad[n] = static_cast<char>(bad[n] ^ 0x10);
    EXPECT_EQ(fuzz_tls_rpt(reinterpret_cast<const uint8_t*>(good.data()), n), 0);
    EXPECT_EQ(fuzz_tls_rpt(reinterpret_cast<const uint8_t*>(bad.data()), n + 1), 0);
    EXPECT_EQ(fuzz_tls_rpt(reinterpret_cast<const uint8_t*>(bad.data()), bad.size()), 0);
  }
}

TEST(TlsRpt, is_bounded) {
  TlsCounts c;
  for (int i = 0; i < 1000; i++) c.add(failure("validation-failure", "192.0.2." + std::to_string(i)));
  for (int i = 0; i < 1000; i++) {
    TlsSession s;
    s.policy = {std::to_string(i)};
    c.add(s);
  }
  auto j = Json::parse(c.encode());
  EXPECT_LE(j->items().size(), TlsCounts::max_policies);
  for (auto& p : j->items()) EXPECT_LE(p.at("failure-details").items().size(), TlsCounts::max_failures + 1);
}

TEST(TlsRpt, writes_a_message_that_can_be_read) {
  TlsReport r{"us.test", "postmaster@us.test", "id1", "x.test", from_seconds(0), from_seconds(86400)};
  TlsCounts c;
  c.add({});
  std::string packed = gzip(report_json(r, c));
  std::string m = report_message(r, packed, "postmaster@us.test", "reports@x.test", from_seconds(90'000));
  auto root = mime::parse(m);
  EXPECT_EQ(root.subtype, "report");
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(root.children[1].subtype, "tlsrpt+gzip");
  EXPECT_NE(m.find("filename=\"us.test!x.test!0!86400!id1.json.gz\""), m.npos);
  EXPECT_NE(m.find("TLS-Required: No\r\n"), m.npos);
  std::string out(10'000, '\0');
  z_stream z{};
  ASSERT_EQ(inflateInit2(&z, 31), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(packed.data());
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  EXPECT_EQ(out, report_json(r, c));
}

TEST(AddressFailures, tells_what_is_about_our_address) {
  auto f = AddressFailures::parse({"spamhaus", "^[45]\\d\\d[ -]\\d\\.7\\.1 .*\\[?\\bip\\b"});
  ASSERT_TRUE(f);
  EXPECT_TRUE(f->is_one("554 5.7.1 Service unavailable; see https://www.Spamhaus.org/x"));
  EXPECT_TRUE(f->is_one("550 5.7.1 Your [IP] is not welcome"));
  EXPECT_FALSE(f->is_one("550 5.1.1 no such user"));
  EXPECT_FALSE(f->is_one("250 2.0.0 spamhaus"));
  EXPECT_FALSE(f->is_one("spamhaus.example: timed out"));
  EXPECT_FALSE(AddressFailures::parse({"("}));
  EXPECT_FALSE(AddressFailures::parse({})->is_one("550 spamhaus"));
}
}  // namespace
}  // namespace jd::smtp
