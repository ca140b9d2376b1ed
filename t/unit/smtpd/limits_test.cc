// SPDX-License-Identifier: MIT
#include "cmd/smtpd/limits.h"

#include <gtest/gtest.h>

namespace jd {
namespace {
struct LimitsTest : testing::Test {
  LimitsTest() { set_clock(&clock); }
  ~LimitsTest() override { set_clock(nullptr); }
  Limits& limits() {
    if (!limits_) limits_.emplace(std::move(*Limits::open(config, fd.get())));
    return *limits_;
  }
  std::string key(std::string_view ip) {
    smtp::ServerOptions o;
    return limits().client_is(*net::Address::of(ip, 4000), o);
  }
  ManualClock clock;
  Config config;
  Fd fd = std::move(*Rates::create());
  std::optional<Limits> limits_;
};

TEST_F(LimitsTest, RightsComeFromTheAddress) {
  config.relay_from = {"192.0.2.0/24"};
  config.xclient_from = {"192.0.2.1"};
  config.etrn_from = {"2001:db8::/32"};
  smtp::ServerOptions o;
  limits().client_is(*net::Address::of("192.0.2.1", 1), o);
  EXPECT_TRUE(o.may_relay && o.may_xclient && !o.may_etrn && !o.may_auth_in_clear && o.tarpit.ns == 0);
  limits().client_is(*net::Address::of("2001:db8::1", 1), o);
  EXPECT_TRUE(!o.may_relay && !o.may_xclient && o.may_etrn && o.tarpit == seconds(1));
  limits().client_is(*net::Address::of("127.0.0.1", 1), o);
  EXPECT_TRUE(!o.may_relay && o.may_auth_in_clear && o.tarpit.ns == 0);
  EXPECT_EQ(o.client_ip, "127.0.0.1");
}

TEST_F(LimitsTest, KeysAreAddressesAndNetworksOf64Bits) {
  EXPECT_EQ(key("127.0.0.1"), "");
  EXPECT_EQ(key("::1"), "");
  EXPECT_EQ(key("192.0.2.1").size(), 4u);
  EXPECT_EQ(key("::ffff:192.0.2.1"), key("192.0.2.1"));
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8::ffff:1"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
}

TEST_F(LimitsTest, OneAddressDoesNotUseUpAnothers) {
  config.smtp_messages_per_minute = 2;
  config.smtp_recipients_per_minute = 3;
  auto a = key("192.0.2.1"), b = key("192.0.2.2");
  EXPECT_FALSE(limits().message(a, "", 0) || limits().message(a, "", 0));
  EXPECT_EQ(limits().message(a, "", 0)->code, 450);
  EXPECT_FALSE(limits().message(b, "", 0));
  EXPECT_FALSE(limits().message(a, "ann@example.test", 0)) << "who has logged in is counted by account";
  for (int i = 0; i < 3; i++) EXPECT_FALSE(limits().recipient(a, ""));
  EXPECT_EQ(limits().recipient(a, "")->code, 450);
  for (int i = 0; i < 1000; i++) EXPECT_FALSE(limits().message("", "", 0) || limits().recipient("", ""));
  clock.advance(minutes(1));
  EXPECT_FALSE(limits().message(a, "", 0));
}

TEST_F(LimitsTest, GuessedNamesEndTheSession) {
  config.smtp_unknown_per_minute = 3;
  auto a = key("192.0.2.1");
  for (int i = 0; i < 3; i++) {
    EXPECT_FALSE(limits().recipient(a, ""));
    limits().unknown_recipient(a);
  }
  EXPECT_EQ(limits().recipient(a, "")->code, 421);
  EXPECT_FALSE(limits().recipient(key("192.0.2.2"), ""));
}

TEST_F(LimitsTest, TheBytesOfADay) {
  config.user_bytes_per_day = 1000;
  EXPECT_EQ(limits().message("", "ann", 1001)->code, 450);
  EXPECT_FALSE(limits().message("", "ann", 1000));
  limits().received("ann", 900);
  EXPECT_FALSE(limits().message("", "ann", 100));
  EXPECT_EQ(limits().message("", "ann", 200)->code, 450);
  EXPECT_FALSE(limits().message("", "bob", 1000));
  clock.advance(days(1));
  EXPECT_FALSE(limits().message("", "ann", 1000));
}

TEST_F(LimitsTest, LargeMessagesLeaveRoom) {
  config.smtp_memory = 1 << 20;
  limits().hold(0, 600 << 10);
  EXPECT_TRUE(limits().is_over(600 << 10)) << "what is large has half of it";
  EXPECT_FALSE(limits().is_over(10 << 10));
  EXPECT_TRUE(limits().has_room(0));
  EXPECT_FALSE(limits().has_room(100 << 10));
  limits().hold(600 << 10, 1100 << 10);
  EXPECT_FALSE(limits().has_room(0));
  limits().hold(1100 << 10, 0);
  EXPECT_TRUE(limits().has_room(500 << 10));
}

TEST_F(LimitsTest, ConnectionsAreGivenBack) {
  config.smtp_connections_per_ip = 2;
  auto a = key("192.0.2.1");
  EXPECT_TRUE(limits().may_connect(a) && limits().may_connect(a));
  EXPECT_FALSE(limits().may_connect(a));
  limits().left(a);
  EXPECT_TRUE(limits().may_connect(a));
  EXPECT_FALSE(limits().may_connect(a));
}
}  // namespace
}  // namespace jd
