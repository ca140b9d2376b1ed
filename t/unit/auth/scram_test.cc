// SPDX-License-Identifier: MIT
// SCRAM against the example of RFC 7677 §3, against a client of the test's own, and against liars.
#include "lib/auth/scram.h"

#include <gtest/gtest.h>

#include "lib/auth/sasl.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/mime/charset.h"

#define LLVMFuzzerTestOneInput fuzz_scram
#include "t/fuzz/scram.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::auth {
namespace {

const std::string rfc_salt = *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==");
constexpr const char* rfc_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* rfc_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string rfc_final = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

// What a client says at last, from what it knows: RFC 5802 §3 the other way round.
std::string client_final(const Verifier& knows, const std::string& client_key, const std::string& first, const std::string& server_first,
                         const std::string& binding = "") {
  auto bare_at = first.find(',', first.find(',') + 1) + 1;
  std::string nonce = server_first.substr(2, server_first.find(',') - 2);
  std::string without = "c=" + base64_encode(first.substr(0, bare_at) + binding) + ",r=" + nonce;
  std::string signature = hmac_sha256(knows.stored_key, first.substr(bare_at) + "," + server_first + "," + without), proof = client_key;
  for (std::size_t i = 0; i < proof.size(); i++) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  return without + ",p=" + base64_encode(proof);
}

// A verifier whose client key is known: for tests of what is around the proof.
struct Known {
  std::string client_key = std::string(32, 'k');
  Verifier v{4096, "salt", sha256(client_key), std::string(32, 's')};
};

Fault fault_of(const Status& s) { return s ? Fault::bug : s.error().fault; }
}  // namespace

TEST(Scram, TheExampleOfTheRfc) {
  Verifier v = make_verifier(Secret("pencil"), rfc_salt, 4096);
  Scram s(false, {});
  ASSERT_TRUE(s.first(rfc_first));
  EXPECT_EQ(s.user(), "user");
  EXPECT_EQ(s.challenge(v, rfc_nonce), "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  auto final = s.final(rfc_final, v);
  ASSERT_TRUE(final) << final.error().what;
  EXPECT_EQ(*final, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(s.final(rfc_final, make_verifier(Secret("pencils"), rfc_salt, 4096)).error().fault, Fault::perm);
}

TEST(Scram, EachChangedByteIsRefused) {
  Verifier v = make_verifier(Secret("pencil"), rfc_salt, 4096);
  Scram s(false, {});
  ASSERT_TRUE(s.first(rfc_first));
  s.challenge(v, rfc_nonce);
  for (std::size_t i = 0; i < rfc_final.size(); i++) {
    std::string changed = rfc_final;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(s.final(changed, v)) << changed;
    EXPECT_FALSE(s.final(rfc_final.substr(0, i), v)) << i;
  }
}

TEST(Scram, VerifierAsText) {
  Verifier v = make_verifier(Secret("pw"));
  EXPECT_GE(v.iterations, 4096u);
  auto again = Verifier::parse(v.text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), v.text());
  EXPECT_NE(make_verifier(Secret("pw")).text(), v.text());
  for (std::string bad : {std::string(), std::string("SCRAM-SHA-256$"), std::string("SCRAM-SHA-256$0:c2FsdA==$a:b"), v.text() + "x", v.text().substr(1)})
    EXPECT_FALSE(Verifier::parse(bad)) << bad;
}

TEST(Scram, WhoDoesNotExistLooksLikeAnybody) {
  Verifier a = fake_verifier("key", "ann@example.test"), b = fake_verifier("key", "bob@example.test");
  EXPECT_EQ(a.salt, fake_verifier("key", "ANN@example.test").salt);
  EXPECT_NE(a.salt, b.salt);
  EXPECT_NE(a.salt, fake_verifier("other", "ann@example.test").salt);
  EXPECT_EQ(a.salt.size(), make_verifier(Secret("x")).salt.size());
  EXPECT_EQ(a.iterations, make_verifier(Secret("x")).iterations);
}

TEST(Scram, Names) {
  auto name = [](std::string_view coded) {
    Scram s(false, {});
    auto r = s.first(fmt::format("n,,n={},r=x", coded));
    return r ? s.user() : r.error().fault == Fault::usage ? std::string("usage") : std::string("perm");
  };
  EXPECT_EQ(name("ann=2Cof=3Dtest"), "ann,of=test");
  EXPECT_EQ(name("安@example.test"), "安@example.test");
  for (const char* bad : {"", "a=2c", "a=", "a=2", "a=41", "\xff", "a\tb"}) EXPECT_EQ(name(bad), "usage") << bad;
  EXPECT_EQ(name(std::string(600, 'a')), "usage");
  Scram s(false, {});
  ASSERT_TRUE(s.first("n,a=boss,n=ann,r=x"));
  EXPECT_EQ(s.act_as(), "boss");
  Scram same(false, {});
  ASSERT_TRUE(same.first("n,a=ann,n=ann,r=x"));
  EXPECT_EQ(same.act_as(), "");
}

TEST(Scram, WhatIsNoFirstMessage) {
  for (std::string bad : {std::string(), std::string("n"), std::string("n,"), std::string("n,,"), std::string("n,,r=x,n=ann"), std::string("n,,n=ann"),
                          std::string("n,,n=ann,r="), std::string("n,,m=x,n=ann,r=x"), std::string("x,,n=ann,r=x"), std::string("n,b=c,n=ann,r=x"),
                          std::string("n,a=,n=ann,r=x"), std::string("p=tls-exporter,,n=ann,r=x"), std::string("n,,n=ann,r=x\0y", 13),
                          std::string("n,,n=ann,r=a b"), "n,,n=ann,r=" + std::string(5000, 'r')}) {
    Scram s(false, {true, "exporter", "end"});
    EXPECT_EQ(fault_of(s.first(bad)), Fault::usage) << bad.substr(0, 40);
  }
}

TEST(Scram, BindsToTheConnection) {
  Known k;
  for (auto [type, binding] : {std::pair{"tls-exporter", "EXPORT"}, std::pair{"tls-server-end-point", "ENDPOINT"}}) {
    std::string first = fmt::format("p={},,n=ann,r=abc", type);
    Scram s(true, {true, "EXPORT", "ENDPOINT"});
    ASSERT_TRUE(s.first(first)) << type;
    std::string server_first = s.challenge(k.v, "xyz");
    EXPECT_TRUE(s.final(client_final(k.v, k.client_key, first, server_first, binding), k.v));
    // Somebody between us: he has another connection with the client.
    auto other = s.final(client_final(k.v, k.client_key, first, server_first, "OTHER"), k.v);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().what, "wrong channel binding");
    EXPECT_FALSE(s.final(client_final(k.v, k.client_key, first, server_first), k.v));
  }
  Scram unknown(true, {true, "EXPORT", "ENDPOINT"});
  EXPECT_EQ(fault_of(unknown.first("p=tls-unique,,n=ann,r=abc")), Fault::perm);
  Scram without(true, {true, "", "ENDPOINT"});
  EXPECT_EQ(fault_of(without.first("p=tls-exporter,,n=ann,r=abc")), Fault::perm);
}

TEST(Scram, SaysWhenSomebodyTookPlusOut) {
  Scram seen(false, {true, "EXPORT", ""});
  EXPECT_EQ(fault_of(seen.first("y,,n=ann,r=abc")), Fault::perm);  // RFC 5802 §6: it MUST fail
  Scram in_clear(false, {});
  EXPECT_TRUE(in_clear.first("y,,n=ann,r=abc"));
  Scram cannot(false, {true, "EXPORT", ""});
  EXPECT_TRUE(cannot.first("n,,n=ann,r=abc"));
  // "n" in the first message and "y" in the last is a changed header.
  Known k;
  std::string server_first = cannot.challenge(k.v, "xyz");
  EXPECT_TRUE(cannot.final(client_final(k.v, k.client_key, "n,,n=ann,r=abc", server_first), k.v));
  EXPECT_FALSE(cannot.final(client_final(k.v, k.client_key, "y,,n=ann,r=abc", server_first), k.v));
  Scram must_bind(true, {true, "EXPORT", ""});
  EXPECT_EQ(fault_of(must_bind.first("n,,n=ann,r=abc")), Fault::usage);
}

TEST(Scram, PasswordsArePrepared) {
  EXPECT_EQ(mime::saslprep("I\xC2\xADX"), "IX");         // RFC 4013 §3: a soft hyphen is nothing
  EXPECT_EQ(mime::saslprep("\xC2\xAA"), "a");             // NFKC
  EXPECT_EQ(mime::saslprep("\xE2\x85\xA8"), "IX");
  EXPECT_EQ(mime::saslprep("user"), "user");
  EXPECT_EQ(mime::saslprep("\x07"), std::nullopt);
  EXPECT_EQ(mime::saslprep("\xD8\xA7\x31"), std::nullopt);  // right to left, and a digit at the end
  EXPECT_EQ(make_verifier(Secret("\xC2\xAA"), "salt", 4096).text(), make_verifier(Secret("a"), "salt", 4096).text());
  EXPECT_NE(make_verifier(Secret("\x07"), "salt", 4096).text(), make_verifier(Secret(""), "salt", 4096).text());
}

TEST(Sasl, TheDirectorySpeaksScram) {
  auto x = Exchange::start("scram-sha-256");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->first(std::nullopt).state, Exchange::State::challenge);
  EXPECT_EQ(x->next(base64_encode("n,,n=ann,r=abc")).state, Exchange::State::done);
  EXPECT_EQ(x->credentials().mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(x->credentials().message.reveal(), "n,,n=ann,r=abc");
  auto step = x->go_on("r=abcxyz", "e1");
  EXPECT_EQ(step.state, Exchange::State::challenge);
  EXPECT_EQ(base64_decode(step.challenge), "r=abcxyz");
  EXPECT_EQ(x->next("*").state, Exchange::State::cancelled);
  EXPECT_EQ(x->next("").state, Exchange::State::done);  // an empty answer is one
  EXPECT_EQ(x->credentials().exchange, "e1");
  EXPECT_FALSE(Exchange::start("SCRAM-SHA-256-PLUS"));
  EXPECT_TRUE(Exchange::start("SCRAM-SHA-256-PLUS", {true, false}));
  EXPECT_FALSE(Exchange::start("OAUTHBEARER", {true, false}));
  EXPECT_TRUE(Exchange::start("XOAUTH2", {false, true}));
}

TEST(Scram, FuzzInputs) {
  for (std::string in : {std::string(), std::string("n,,n=a,r=b\nc=biws,r=bnonce,p=AAAA"), rfc_first + std::string("\n") + rfc_final, std::string("p=tls-exporter,,n=a,r=b\nc=,r=,p="),
                         make_verifier(Secret("pw")).text(), std::string("\xff\n\0\n", 4)})
    for (std::size_t n = 0; n <= in.size(); n++) fuzz_scram(reinterpret_cast<const uint8_t*>(in.data()), n);
}

}  // namespace jd::auth
