// SPDX-License-Identifier: MIT
#include "lib/smtp/parameters.h"

#include <gtest/gtest.h>

#include "lib/smtp/xtext.h"

namespace jd::smtp {
namespace {
int64_t seconds_of(std::string_view text) {
  auto t = parse_rfc3339(text);
  return t ? t->seconds() : -1;
}

TEST(SmtpParameters, TimesOfRfc3339) {
  EXPECT_EQ(seconds_of("2023-11-14T22:13:20Z"), 1'700'000'000);
  EXPECT_EQ(seconds_of("2023-11-14t22:13:20z"), 1'700'000'000);
  EXPECT_EQ(seconds_of("2023-11-14T22:13:20.999Z"), 1'700'000'000);
  EXPECT_EQ(seconds_of("2023-11-15T06:13:20+08:00"), 1'700'000'000);
  EXPECT_EQ(seconds_of("2023-11-14T17:43:20-04:30"), 1'700'000'000);
  EXPECT_EQ(seconds_of("2024-02-29T00:00:00Z"), 1'709'164'800);
  for (std::string_view bad : {"", "2023-11-14", "2023-11-14 22:13:20Z", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-11-14T24:00:00Z",
                               "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+0800", "2023-11-14T22:13:20Zx",
                               "2023-11-14T22:13:20+24:00", "1969-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2023-1-014T22:13:20Z", "+023-11-14T22:13:20Z"})
    EXPECT_EQ(seconds_of(bad), -1) << bad;
}

TEST(SmtpParameters, XtextBothWays) {
  EXPECT_EQ(decode_xtext("a+2Bb+3D+20+00").value_or("?"), std::string("a+b= \0", 6));
  EXPECT_EQ(decode_xtext("a+2bb"), "a+b");
  EXPECT_EQ(encode_xtext(std::string("a+b= \0\xc3", 7)), "a+2Bb+3D+20+00+C3");
  for (std::string_view bad : {"+", "a+2", "+G0", "a b", "a=b", "\x7f", "\xc3", "\t"}) EXPECT_FALSE(is_xtext(bad)) << bad;
  EXPECT_TRUE(is_xtext(""));
}

// All that can be said, in capitals and small letters, whole and with any word missing.
TEST(SmtpParameters, MailParametersComeIntoTheEnvelope) {
  queue::Envelope e;
  MailParameters p{e};
  Offered all{.extended = true, .secured = true, .max_hold = days(1), .min_by = {}};
  EXPECT_FALSE(read_mail_parameters(" size=10 BODY=8BITMIME smtputf8 RET=hdrs ENVID=a AUTH=<> requiretls HOLDFOR=5 BY=60;NT ", all, p));
  EXPECT_EQ(p.declared_size, 10u);
  EXPECT_EQ(e.body, queue::Body::eight_bit);
  EXPECT_TRUE(e.smtputf8 && e.requiretls && e.by_trace && !e.by_return);
  EXPECT_EQ(e.ret, queue::Return::headers);
  EXPECT_GT(e.hold_until.ns, 0);
  EXPECT_GT(e.deliver_by, e.hold_until);
  queue::Envelope none;
  MailParameters q{none};
  EXPECT_EQ(read_mail_parameters("SIZE=1", {}, q)->code, 555);
  EXPECT_FALSE(read_mail_parameters("  ", {}, q));
}
}  // namespace
}  // namespace jd::smtp
