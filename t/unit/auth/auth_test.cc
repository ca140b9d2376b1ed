// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "lib/auth/password.h"
#include "lib/auth/sasl.h"
#include "lib/auth/throttle.h"
#include "lib/base/hash.h"

namespace jd::auth {

TEST(Password, TheRightOneAndNoOther) {
  auto h = hash_password(Secret("correct horse"));
  ASSERT_TRUE(h);
  EXPECT_TRUE(h->starts_with("$argon2id$"));
  EXPECT_TRUE(is_password(*h, Secret("correct horse")));
  EXPECT_FALSE(is_password(*h, Secret("correct horsf")));
  EXPECT_FALSE(is_password("", Secret("x")));
  EXPECT_FALSE(is_password("plain", Secret("plain")));
  EXPECT_FALSE(is_password(*h, Secret(std::string(2000, 'a'))));
  EXPECT_FALSE(hash_password(Secret("")));
  EXPECT_FALSE(hash_password(Secret(std::string(1001, 'a'))));
  EXPECT_NE(*h, *hash_password(Secret("correct horse")));
}

TEST(Sasl, PlainWithAndWithoutInitialResponse) {
  std::string response = base64_encode(std::string("\0ann@example.test\0pw", 20));
  auto x = Exchange::start("plain");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->first(response).state, Exchange::State::done);
  EXPECT_EQ(x->credentials().user, "ann@example.test");
  EXPECT_EQ(x->credentials().password.reveal(), "pw");
  auto y = Exchange::start("PLAIN");
  auto step = y->first(std::nullopt);
  EXPECT_EQ(step.state, Exchange::State::challenge);
  EXPECT_EQ(step.challenge, "");
  EXPECT_EQ(y->next(base64_encode(std::string("boss\0ann\0pw", 11))).state, Exchange::State::done);
  EXPECT_EQ(y->credentials().act_as, "boss");
}

TEST(Sasl, LoginAsksTwice) {
  auto x = Exchange::start("LOGIN");
  EXPECT_EQ(base64_decode(x->first(std::nullopt).challenge), "Username:");
  EXPECT_EQ(base64_decode(x->next(base64_encode("ann")).challenge), "Password:");
  EXPECT_EQ(x->next(base64_encode("pw")).state, Exchange::State::done);
  EXPECT_EQ(x->credentials().user, "ann");
}

TEST(Sasl, RefusesWhatIsMalformed) {
  EXPECT_FALSE(Exchange::start("GSSAPI"));
  auto state = [](std::string_view line) { return Exchange::start("PLAIN")->first(line).state; };
  EXPECT_EQ(state("*"), Exchange::State::cancelled);
  for (std::string bad : {std::string("!"), std::string("="), base64_encode("ann"), base64_encode(std::string("\0ann\0", 5)),
                          base64_encode(std::string("\0\0pw", 4)), base64_encode(std::string("\0a\0b\0c", 6)),
                          base64_encode(std::string("\0\xff\0pw", 5)), std::string(13'000, 'A')})
    EXPECT_EQ(state(bad), Exchange::State::malformed) << bad.substr(0, 40);
}

class ThrottleTest : public ::testing::Test {
 protected:
  void SetUp() override { set_clock(&clock); }
  void TearDown() override { set_clock(nullptr); }
  ManualClock clock;
  Throttle t;
};

TEST_F(ThrottleTest, WaitsGrowAndFade) {
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(t.before("ann", "192.0.2.1").wait.ms(), 0);
    t.failed("ann", "192.0.2.1");
  }
  int64_t last = 0;
  for (int i = 0; i < 5; i++) {
    int64_t ms = t.before("Ann", "192.0.2.1").wait.ms();
    EXPECT_GT(ms, last);
    last = ms;
    t.failed("ann", "192.0.2.1");
  }
  EXPECT_EQ(t.before("ann", "192.0.2.2").wait.ms(), 0);
  clock.advance(hours(1));
  EXPECT_EQ(t.before("ann", "192.0.2.1").wait.ms(), 0);
}

TEST_F(ThrottleTest, GuessersAreRefusedOwnersAreNot) {
  for (int i = 0; i < 25; i++) t.failed("ann", "2001:db8::1");
  EXPECT_TRUE(t.before("ann", "2001:db8::2").is_refused) << "same /64";
  EXPECT_FALSE(t.before("ann", "2001:db8:1::1").is_refused);
  for (int i = 0; i < 200; i++) t.failed("ann", "198.51.100." + std::to_string(i));
  EXPECT_FALSE(t.before("ann", "192.0.2.7").is_refused);
  EXPECT_TRUE(t.before("ann", "198.51.100.9").is_refused);
}

TEST_F(ThrottleTest, MemoryIsBounded) {
  for (int i = 0; i < 120'000; i++) t.failed("user" + std::to_string(i), "192.0.2.1");
  EXPECT_LE(t.size(), 100'001u);
}

}  // namespace jd::auth
