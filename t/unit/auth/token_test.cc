// SPDX-License-Identifier: MIT
// Signed tokens against the examples of the RFCs, claims, and what clients say with OAUTHBEARER and XOAUTH2.
#include "lib/auth/token.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "lib/auth/jose.h"
#include "lib/base/hash.h"

#define LLVMFuzzerTestOneInput fuzz_token
#include "t/fuzz/token.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::auth {
namespace {
const std::string ec_jwk = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
const std::string ec_jws =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const std::string ed_jwk = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
const std::string ed_jws =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const std::string rsa_jwk =
    R"({"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"})";

Jwks set_of(const std::string& keys) { return *Jwks::parse("{\"keys\":[" + keys + "]}"); }
std::string compact(const Key& key, const std::string& header, const std::string& payload) {
  std::string text = base64url_encode(header) + "." + base64url_encode(payload);
  return text + "." + base64url_encode(*key.sign(text));
}
std::string why(const std::string& claims, const TokenRules& rules = {}, bool must_expire = true) {
  auto r = account_of_claims(*Json::parse(claims), rules, from_seconds(1'000'000), must_expire);
  return r ? *r : r.error().what;
}
}  // namespace

TEST(Jose, TheExamplesOfTheRfcs) {
  EXPECT_TRUE(set_of(ec_jwk).verify(*Jws::parse(ec_jws)));                    // RFC 7515 A.3
  EXPECT_TRUE(set_of(ed_jwk).verify(*Jws::parse(ed_jws)));                    // RFC 8037 A.4
  EXPECT_EQ(Key::from_jwk(*Json::parse(ed_jwk))->thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");   // RFC 8037 A.3
  EXPECT_EQ(Key::from_jwk(*Json::parse(rsa_jwk))->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");  // RFC 7638 §3.1
  EXPECT_FALSE(set_of(ed_jwk).verify(*Jws::parse(ec_jws)));
  EXPECT_TRUE(set_of(ed_jwk + "," + rsa_jwk + "," + ec_jwk).verify(*Jws::parse(ec_jws)));
}

TEST(Jose, EachChangedCharacterBreaksTheSignature) {
  Jwks ec = set_of(ec_jwk), ed = set_of(ed_jwk);
  for (auto [set, text] : {std::pair{&ec, ec_jws}, std::pair{&ed, ed_jws}})
    for (std::size_t i = 0; i < text.size(); i++) {
      std::string t = text;
      t[i] = t[i] == 'A' ? 'B' : 'A';
      auto jws = Jws::parse(t);
      EXPECT_FALSE(jws && set->verify(*jws)) << i;
    }
}

TEST(Jose, OwnKeysSignAndVerify) {
  EVP_PKEY* raw = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, raw, nullptr, nullptr, 0, nullptr, nullptr);
  char* p = nullptr;
  long n = BIO_get_mem_data(bio, &p);
  Key rsa = *Key::from_pem(Secret(std::string_view(p, static_cast<std::size_t>(n))));
  BIO_free(bio);
  EVP_PKEY_free(raw);
  for (const Key& k : {rsa, *Key::make()}) {
    Jwks set{{{"k1", *Key::from_jwk(k.jwk())}}};
    std::string header = Json::object().set("alg", k.algorithm()).set("kid", "k1").text();
    EXPECT_TRUE(set.verify(*Jws::parse(compact(k, header, "{}")))) << k.algorithm();
    EXPECT_FALSE(set.verify(*Jws::parse(compact(k, R"({"alg":"none"})", "{}"))));
    EXPECT_FALSE(set.verify(*Jws::parse(compact(k, R"({"alg":"HS256"})", "{}"))));
    std::string other = Json::object().set("alg", k.algorithm()).set("kid", "k2").text();
    EXPECT_FALSE(set.verify(*Jws::parse(compact(k, other, "{}")))) << "a key that it does not name";
    EXPECT_EQ(Key::from_pem(k.pem())->thumbprint(), k.thumbprint());
  }
}

TEST(Jose, WhatIsNoTokenAndNoKey) {
  for (std::string bad : {std::string(), std::string("a.b"), std::string("a.b.c.d"), std::string("..."), std::string("e30.e30.e30"),
                          base64url_encode(R"({"alg":"ES256","crit":["b64"]})") + ".e30.e30", std::string(20'000, 'A'), ec_jws + "="})
    EXPECT_FALSE(Jws::parse(bad)) << bad.substr(0, 50);
  for (std::string bad : {R"({"kty":"oct","k":"AAAA"})", R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})", R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
                          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
                          R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", R"({})", R"([])"})
    EXPECT_FALSE(Key::from_jwk(*Json::parse(bad))) << bad;
  EXPECT_FALSE(Key::from_jwk(*Json::parse(ec_jwk.substr(0, ec_jwk.size() - 1) + R"(,"alg":"RS256"})")));
  EXPECT_FALSE(Jwks::parse(R"({"keys":[{"kty":"oct","k":"AAAA"}]})"));
  EXPECT_FALSE(Jwks::parse(R"({"keys":[)" + ec_jwk.substr(0, ec_jwk.size() - 1) + R"(,"use":"enc"}]})"));
  EXPECT_FALSE(Key::from_pem(Secret("-----BEGIN PRIVATE KEY-----\n")));
}

TEST(Token, Claims) {
  std::string exp = R"("exp":1000100)";
  EXPECT_EQ(why("{" + exp + R"(,"email":"ann@example.test"})"), "ann@example.test");
  EXPECT_EQ(why(R"({"exp":1000100.5,"email":"a"})"), "a");
  EXPECT_EQ(why(R"({"email":"a"})"), "the token does not say when it expires");
  EXPECT_EQ(why(R"({"email":"a"})", {}, false), "a");
  EXPECT_EQ(why(R"({"exp":999939,"email":"a"})"), "the token has expired");
  EXPECT_EQ(why(R"({"exp":999941,"email":"a"})"), "a") << "clocks differ";
  EXPECT_EQ(why("{" + exp + R"(,"nbf":1000061,"email":"a"})"), "the token is not valid yet");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","iss":"x"})", {.issuer = "y"}), "the token is of another issuer");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","aud":"m"})", {.audience = {"l", "m"}}), "a");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","aud":["z","m"]})", {.audience = {"m"}}), "a");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","aud":["z",7]})", {.audience = {"m"}}), "the token is for another audience");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a"})", {.audience = {"m"}}), "the token is for another audience");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","scope":"x mail"})", {.scope = "mail"}), "a");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","scope":"xmail"})", {.scope = "mail"}), "the token has not the scope mail");
  EXPECT_EQ(why("{" + exp + R"(,"sub":"a"})"), "the token has no claim email");
  EXPECT_EQ(why("{" + exp + R"(,"email":["a"]})"), "the token has no claim email");
  EXPECT_EQ(why("{" + exp + R"(,"email":"a","email_verified":false})"), "the token's address is not verified");
  EXPECT_EQ(why("[]"), "the token does not say when it expires");
}

TEST(Token, WhatClientsSay) {
  auto b = parse_oauthbearer("n,a=user=2Cx@example.com,\x01host=server.example.com\x01port=143\x01" "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->user, "user,x@example.com");
  EXPECT_EQ(b->token.reveal(), "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  EXPECT_EQ(parse_oauthbearer("n,,\x01" "auth=Bearer t\x01\x01")->user, "");
  auto x = parse_xoauth2("user=someuser@example.com\x01" "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->user, "someuser@example.com");
  for (std::string bad : {"", "n,,", "n,,\x01", "n,,\x01\x01", "p=x,,\x01" "auth=Bearer t\x01\x01", "n,,\x01" "auth=Bearer t\x01", "n,,\x01" "auth=Basic t\x01\x01",
                          "n,,\x01" "auth=Bearer \x01\x01", "n,,\x01" "auth=Bearer a b\x01\x01", "n,,\x01" "auth=Bearer a\x01" "auth=Bearer b\x01\x01", "n,a=,\x01" "auth=Bearer t\x01\x01",
                          "n,a=x=2c,\x01" "auth=Bearer t\x01\x01", "n,,\x01" "nothing\x01" "auth=Bearer t\x01\x01"})
    EXPECT_FALSE(parse_oauthbearer(bad)) << bad;
  for (std::string bad : {"", "user=\x01" "auth=Bearer t\x01\x01", "user=a\x01" "auth=Bearer t", "auth=Bearer t\x01\x01"}) EXPECT_FALSE(parse_xoauth2(bad)) << bad;
  EXPECT_FALSE(parse_oauthbearer("n,,\x01" "auth=Bearer " + std::string(13'000, 'a') + "\x01\x01"));
  EXPECT_EQ(bearer_error("OAUTHBEARER", "mail"), R"({"status":"invalid_token","scope":"mail"})");
}

TEST(Token, FuzzInputs) {
  for (std::string in : {ec_jws, ed_jws, "{\"keys\":[" + ec_jwk + "," + ed_jwk + "," + rsa_jwk + "]}", std::string(R"({"exp":1e300,"sub":"a","aud":[[[]]]})"),
                         std::string("n,,\x01" "auth=Bearer t\x01\x01"), std::string("user=a\x01" "auth=Bearer t\x01\x01"), std::string(500, '[')})
    for (std::size_t n = 0; n <= in.size(); n += 1 + n / 16) fuzz_token(reinterpret_cast<const uint8_t*>(in.data()), n);
}

}  // namespace jd::auth
