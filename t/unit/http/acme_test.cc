// SPDX-License-Identifier: MIT
// What an ACME server says: the examples of RFC 8555 §7, and what is none.
#include "lib/http/acme.h"

#include <gtest/gtest.h>

#define LLVMFuzzerTestOneInput fuzz_acme
#include "t/fuzz/acme.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::http::acme {
namespace {
const std::string directory = R"({"newNonce":"https://e.test/n","newAccount":"https://e.test/a","newOrder":"https://e.test/o","meta":{}})";
const std::string order = R"({"status":"valid","identifiers":[{"type":"dns","value":"www.example.org"}],
  "authorizations":["https://e.test/authz/PAniVnsZcis"],"finalize":"https://e.test/order/TO/finalize","certificate":"https://e.test/cert/mAt3"})";
const std::string authorization = R"({"status":"pending","identifier":{"type":"dns","value":"Example.org"},"challenges":[
  {"type":"dns-01","url":"https://e.test/c1","token":"x"},{"type":"http-01","url":"https://e.test/chall/prV_B7yEyA4","token":"LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"}]})";
}  // namespace

TEST(Acme, TheExamplesOfTheRfc) {
  EXPECT_EQ(parse_directory(directory)->new_order, "https://e.test/o");
  auto o = parse_order(order);
  ASSERT_TRUE(o) << o.error().what;
  EXPECT_EQ(o->status, Status8555::valid);
  EXPECT_EQ(o->authorizations.size(), 1u);
  EXPECT_EQ(o->certificate, "https://e.test/cert/mAt3");
  auto a = parse_authorization(authorization, "http-01");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->name, "example.org");
  EXPECT_EQ(a->url, "https://e.test/chall/prV_B7yEyA4");
  EXPECT_EQ(parse_authorization(authorization, "tls-alpn-01")->url, "");
  auto p = parse_problem(R"({"type":"urn:ietf:params:acme:error:badNonce","detail":"JWS has an\ninvalid nonce"})", 400);
  EXPECT_TRUE(p.is_bad_nonce);
  EXPECT_EQ(p.text.find('\n'), std::string::npos);
  EXPECT_EQ(parse_problem("<html>", 502).text, "status 502");
}

TEST(Acme, WhatIsNoAnswer) {
  for (std::string bad : {"", "[]", "7", "{}", R"({"newNonce":"http://e.test/n","newAccount":"https://e.test/a","newOrder":"https://e.test/o"})", R"({"newNonce":7})"})
    EXPECT_FALSE(parse_directory(bad)) << bad;
  EXPECT_FALSE(parse_order(R"({"status":"odd","finalize":"https://e.test/f"})"));
  EXPECT_FALSE(parse_order(R"({"status":"valid","finalize":"https://e.test/f"})"));
  EXPECT_FALSE(parse_order(R"({"status":"pending","authorizations":["file:///etc/passwd"],"finalize":"https://e.test/f"})"));
  EXPECT_FALSE(parse_authorization(R"({"status":"pending","challenges":[{"type":"http-01","url":"https://e.test/c","token":"../../x"}]})", "http-01"));
}

TEST(Acme, RequestsForChallenges) {
  EXPECT_EQ(challenge_asked_for("GET /.well-known/acme-challenge/aB_-9 HTTP/1.1\r\nHost: x\r\n\r\n"), "aB_-9");
  for (const char* bad : {"", "GET / HTTP/1.1\r\n\r\n", "GET /.well-known/acme-challenge/ HTTP/1.1\r\n", "GET /.well-known/acme-challenge/a/../b HTTP/1.1\r\n",
                          "GET /.well-known/acme-challenge/a%2e HTTP/1.1\r\n", "POST /.well-known/acme-challenge/a HTTP/1.1\r\n", "GET /.well-known/acme-challenge/a"})
    EXPECT_FALSE(challenge_asked_for(bad)) << bad;
}

TEST(Acme, FuzzInputs) {
  for (const std::string& in : {directory, order, authorization, std::string("GET /.well-known/acme-challenge/a HTTP/1.1\r\n\r\n"), std::string(1000, '{')})
    for (std::size_t n = 0; n <= in.size(); n++) fuzz_acme(reinterpret_cast<const uint8_t*>(in.data()), n);
}

}  // namespace jd::http::acme
