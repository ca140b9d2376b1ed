// SPDX-License-Identifier: MIT
#include "lib/net/ocsp.h"

#include <gtest/gtest.h>

#include "t/unit/net/authority.h"
#define LLVMFuzzerTestOneInput fuzz_ocsp
#include "t/fuzz/ocsp.cc"

namespace jd::net {
namespace {
using test::certify, test::ocsp_answer, test::Pair, test::Says;

struct Ocsp : testing::Test {
  Pair authority = certify("Authority", 1, nullptr, true);
  Pair host = certify("host.test", 77, &authority, false, nullptr, "http://ocsp.test/x");
  OcspQuestion question = *OcspQuestion::of(host.pem() + authority.pem());
  Result<OcspAnswer> read(const std::string& answer) { return question.read(answer, now()); }
  std::string why(const std::string& answer) {
    auto a = read(answer);
    return a ? "" : a.error().what;
  }
};

TEST_F(Ocsp, TheIssuerSays) {
  EXPECT_EQ(question.responder(), "http://ocsp.test/x");
  auto a = read(ocsp_answer(host, authority, authority));
  ASSERT_TRUE(a) << a.error().what;
  EXPECT_EQ(a->state, OcspAnswer::good);
  EXPECT_LT(a->this_update, now());
  EXPECT_GT(a->next_update, now() + hours(23));
  a = read(ocsp_answer(host, authority, authority, {.state = V_OCSP_CERTSTATUS_REVOKED}));
  ASSERT_TRUE(a) << a.error().what;
  EXPECT_EQ(a->state, OcspAnswer::revoked);
  EXPECT_EQ(a->reason, "keyCompromise");
  EXPECT_GT(a->revoked_at, now() - hours(3));
  a = read(ocsp_answer(host, authority, authority, {.state = V_OCSP_CERTSTATUS_UNKNOWN, .has_certificate = false}));
  ASSERT_TRUE(a) << a.error().what;
  EXPECT_EQ(a->state, OcspAnswer::unknown);
}

// RFC 6960 §4.2.2.2: the issuer may certify somebody for this; a certificate for something else is not that.
TEST_F(Ocsp, OneWhomTheIssuerNamed) {
  EXPECT_EQ(why(ocsp_answer(host, authority, certify("Responder", 5, &authority, false, "OCSPSigning"))), "");
  EXPECT_NE(why(ocsp_answer(host, authority, certify("web.test", 6, &authority, false, "serverAuth"))), "");
  EXPECT_NE(why(ocsp_answer(host, authority, host)), "");
}

TEST_F(Ocsp, AnotherAuthorityIsNobody) {
  Pair other = certify("Authority", 1, nullptr, true);  // its name is the same
  EXPECT_NE(why(ocsp_answer(host, authority, other)).find("not signed by"), std::string::npos);
  EXPECT_NE(why(ocsp_answer(host, authority, certify("Responder", 5, &other, false, "OCSPSigning"))), "");
  EXPECT_NE(why(ocsp_answer(host, other, other)), "");
}

TEST_F(Ocsp, AnotherCertificate) {
  EXPECT_NE(why(ocsp_answer(certify("host.test", 78, &authority, false), authority, authority)).find("another certificate"), std::string::npos);
}

TEST_F(Ocsp, OldAndFutureAnswers) {
  EXPECT_NE(why(ocsp_answer(host, authority, authority, {.from = -7200, .until = -3600})).find("was good until"), std::string::npos);
  EXPECT_EQ(why(ocsp_answer(host, authority, authority, {.from = -7200, .until = -60})), "");  // clocks differ
  EXPECT_NE(why(ocsp_answer(host, authority, authority, {.from = 3600, .until = 7200})).find("from the future"), std::string::npos);
  EXPECT_EQ(why(ocsp_answer(host, authority, authority, {.from = -3600, .until = 0})), "");
  EXPECT_NE(why(ocsp_answer(host, authority, authority, {.from = -2 * 86400, .until = 0})), "");
}

TEST_F(Ocsp, WhoCannotAnswer) {
  OCSP_RESPONSE* r = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr);
  unsigned char* der = nullptr;
  int size = i2d_OCSP_RESPONSE(r, &der);
  auto a = read(std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(r);
  ASSERT_FALSE(a);
  EXPECT_EQ(a.error().fault, Fault::temp);
  EXPECT_EQ(a.error().what, "the responder says: trylater");
  EXPECT_FALSE(read("<html>nothing here</html>"));
  EXPECT_FALSE(read(std::string(OcspQuestion::max_answer + 1, '0')));
}

TEST_F(Ocsp, WhatCannotBeAsked) {
  EXPECT_FALSE(OcspQuestion::of(host.pem()));                                    // by whom?
  EXPECT_FALSE(OcspQuestion::of(authority.pem() + host.pem()));                  // the wrong way round
  EXPECT_FALSE(OcspQuestion::of(certify("a.test", 3, &authority, false).pem() + authority.pem()));  // no responder
  EXPECT_FALSE(OcspQuestion::of(""));
  EXPECT_TRUE(OcspQuestion::of(host.pem() + host.pem() + authority.pem()));      // found, wherever it is
}

// Cut at each byte and damaged at each byte: never taken for an answer, but where the damage does not matter.
TEST_F(Ocsp, DamagedAnswers) {
  std::string good = ocsp_answer(host, authority, authority, {.state = V_OCSP_CERTSTATUS_REVOKED, .has_certificate = false});
  for (std::size_t n = 0; n < good.size(); n++) {
    EXPECT_FALSE(read(good.substr(0, n))) << n;
    fuzz_ocsp(reinterpret_cast<const uint8_t*>(good.data()), n);
    std::string bad = good;
    bad[n] = static_cast<char>(bad[n] ^ 0x01);
    auto a = read(bad);
    if (a) {
      EXPECT_EQ(a->state, OcspAnswer::revoked) << n;
    }
    fuzz_ocsp(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
  }
}
}  // namespace
}  // namespace jd::net
