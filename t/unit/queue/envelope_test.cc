// SPDX-License-Identifier: MIT
#include "lib/queue/envelope.h"

#include <gtest/gtest.h>

using namespace jd;
using namespace jd::queue;

namespace {
Envelope sample() {
  Envelope e;
  e.reverse_path = "alice@example.org";
  e.recipients.push_back({"bob@example.com", "rfc822;bob@old.example", "team@example.com",
                          notify_success | notify_delay, 2});
  e.recipients.push_back({"\"a b\"@example.com", "", "", notify_unset, 0});
  e.body = Body::eight_bit;
  e.smtputf8 = true;
  e.ret = Return::headers;
  e.envid = "QQ314159";
  e.user = "alice@example.org";
  e.ip = "192.0.2.1";
  e.host = "client.example";
  e.helo = "client";
  e.with = "ESMTPSA";
  e.received = from_seconds(1700000000);
  e.size = 4096;
  e.hops = 3;
  e.requiretls = e.verp = e.by_return = e.by_trace = true;
  e.hold_until = from_seconds(1700000060);
  e.deliver_by = from_seconds(1700003600);
  e.other = {{"future", std::string("a\0b=,", 5)}};
  return e;
}
}  // namespace

TEST(Pairs, RoundTripAndOrder) {
  std::string s;
  put_pair(s, "from", "a@b");
  put_pair(s, "rcpt", "c@d.e");
  EXPECT_EQ(s, "8:from=a@b,10:rcpt=c@d.e,");
  auto p = decode_pairs(s);
  ASSERT_TRUE(p);
  EXPECT_EQ(get(*p, "rcpt"), "c@d.e");
  EXPECT_FALSE(find(*p, "x"));
}

TEST(Pairs, EachCutAndEachOddByteIsRefusedOrHarmless) {
  std::string s;
  sample().encode(s);
  for (std::size_t n = 1; n < s.size(); n++) {
    auto p = decode_pairs(std::string_view(s).substr(0, n));
    EXPECT_TRUE(!p || s[n - 1] == ',') << n;
  }
  for (std::size_t i = 0; i < s.size(); i++)
    for (char c : {'\0', ':', ',', '9', '=', '\xff'}) {
      std::string bad = s;
      bad[i] = c;
      (void)Envelope::decode(bad);  // no crash; a changed value may be right
    }
  for (auto bad : {"1", ":a=b,", "-3:a=b,", "3:a=b", "3:a=b.", "99999999999:a=b,", "1:a,", "2:=b,",
                   "0003:a=b,x"})
    EXPECT_FALSE(decode_pairs(bad)) << bad;
}

TEST(Envelope, RoundTrip) {
  std::string s, again;
  sample().encode(s);
  auto e = Envelope::decode(s);
  ASSERT_TRUE(e) << e.error().what;
  e->encode(again);
  EXPECT_EQ(s, again);
  EXPECT_EQ(e->recipients.size(), 2u);
  EXPECT_EQ(e->recipients[0].first, "team@example.com");
  EXPECT_EQ(e->recipients[0].depth, 2);
  EXPECT_EQ(e->other.at(0).first, "future");
  auto p = e->pairs();
  auto f = Envelope::from_pairs(views(p));
  ASSERT_TRUE(f);
  EXPECT_EQ(f->envid, "QQ314159");
  EXPECT_TRUE(f->requiretls && f->verp && f->by_return && f->by_trace);
  EXPECT_EQ(f->hold_until, from_seconds(1700000060));
  EXPECT_EQ(f->deliver_by, from_seconds(1700003600));
}

TEST(Envelope, WhatIsRefused) {
  auto decode = [](const OwnPairs& p) { return Envelope::from_pairs(views(p)); };
  EXPECT_TRUE(decode({{"from", ""}, {"rcpt", "a@b"}}));
  EXPECT_FALSE(decode({{"rcpt", "a@b"}}));
  EXPECT_FALSE(decode({{"from", ""}}));
  EXPECT_FALSE(decode({{"from", ""}, {"from", ""}, {"rcpt", "a@b"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", ""}}));
  EXPECT_FALSE(decode({{"from", ""}, {"notify", "never"}, {"rcpt", "a@b"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", "a\nb@c"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", "<a@c>"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", "a b@c"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", std::string(2000, 'a')}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", "a@b"}, {"orcpt", "rfc822;a\r\nb"}}));
  EXPECT_FALSE(decode({{"from", ""}, {"rcpt", "a@b"}, {"helo", std::string(5000, 'h')}}));
  OwnPairs many{{"from", ""}};
  for (std::size_t i = 0; i <= max_recipients; i++) many.emplace_back("rcpt", "a@b");
  EXPECT_FALSE(decode(many));
}

TEST(Envelope, Notify) {  // RFC 3461 §4.1
  EXPECT_EQ(*parse_notify("NEVER"), notify_never);
  EXPECT_EQ(*parse_notify("Success,DELAY"), notify_success | notify_delay);
  EXPECT_FALSE(parse_notify("never,success"));
  EXPECT_FALSE(parse_notify("sometimes"));
  EXPECT_FALSE(parse_notify(""));
  Recipient r;
  EXPECT_TRUE(r.wants(notify_failure));
  EXPECT_TRUE(r.wants(notify_delay));
  EXPECT_FALSE(r.wants(notify_success));
  r.notify = notify_never;
  EXPECT_FALSE(r.wants(notify_failure));
}

TEST(Envelope, Parts) {
  EXPECT_EQ(domain_of("a@b@c.d"), "c.d");
  EXPECT_EQ(domain_of("postmaster"), "");
  EXPECT_EQ(local_part_of("a@b@c.d"), "a@b");
  EXPECT_EQ(local_part_of("postmaster"), "postmaster");
  EXPECT_EQ(count_received("Received: a\r\n b\r\nX: y\r\nRECEIVED: c\r\n\r\nReceived: body\r\n"), 2u);
}

TEST(Envelope, HeaderFactsInOnePass) {
  auto f = header_facts("Received: a\r\nReceived: b\r\nMessage-ID:\r\n  <one@x.example>\r\nMessage-Id: <two@x.example>\r\n\r\nReceived: body\r\n");
  EXPECT_EQ(f.received, 2u);
  EXPECT_EQ(f.message_id, "one@x.example");
  EXPECT_EQ(header_facts("Message-ID: bare@x\r\n\r\n").message_id, "bare@x");
  EXPECT_EQ(header_facts("Message-ID: <" + std::string(5000, 'x') + "\r\n\r\n").message_id.size(), 250u);
  EXPECT_EQ(header_facts("").message_id, "");
}
