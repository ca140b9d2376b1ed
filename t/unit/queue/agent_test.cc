// SPDX-License-Identifier: MIT
#include "lib/queue/agent.h"

#include <gtest/gtest.h>

using namespace jd;
using namespace jd::queue;

TEST(Agent, LocalRoundTrip) {
  LocalDelivery d;
  d.id = 7;
  d.qid = "0a";
  d.rcpt = "b@c";
  d.original = "list@c";
  d.from = "";
  d.account = "b@c";
  d.path = "c/b";
  d.quota = {100, 20, 3000, 400};
  d.replay = true;
  d.user = "u";
  d.received = from_seconds(5);
  d.segment = 3;
  d.offset = 64;
  d.length = 10;
  auto p = d.encode();
  auto r = LocalDelivery::decode(views(p));
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->encode(), p);
  EXPECT_EQ(r->segment, 3u);
  EXPECT_EQ(r->original, "list@c");
  d.segment.reset();
  d.original = d.rcpt;
  p = d.encode();
  r = LocalDelivery::decode(views(p));
  EXPECT_FALSE(r->segment);
  EXPECT_EQ(r->original, "b@c");
  for (std::size_t i = 0; i < p.size(); i++) {
    auto q = p;
    q.erase(q.begin() + static_cast<long>(i));
    auto x = LocalDelivery::decode(views(q));
    auto k = p[i].first;
    bool needed = k == "qid" || k == "rcpt" || k == "path" || k == "offset" || k == "length";
    EXPECT_EQ(x.has_value(), !needed) << k;
  }
}

TEST(Agent, RemoteRoundTrip) {
  RemoteDelivery d;
  d.id = 9;
  d.qid = "0b";
  d.domain = "example.org";
  d.from = "a@b";
  d.body = Body::eight_bit;
  d.smtputf8 = true;
  d.ret = Return::full;
  d.envid = "e";
  d.size = 12;
  d.requiretls = d.by_trace = true;
  d.deliver_by = from_seconds(1700003600);
  d.route = "office";
  d.recipients = {{"x@example.org", "rfc822;x", "", notify_never, 0}, {"y@example.org", "", "", 0, 0}};
  auto p = d.encode();
  p.emplace_back("message", "Subject: x\r\n\r\n");
  auto r = RemoteDelivery::decode(views(p));
  ASSERT_TRUE(r) << r.error().what;
  p.pop_back();
  EXPECT_EQ(r->encode(), p);
}

TEST(Agent, Results) {
  DeliveryResult d{4, {{0, Fate::delivered, "2.0.0", "mx", "ok", false, false, false, 17},
                       {1, Fate::temp, "4.4.1", "", "no answer", true}}};
  auto p = d.encode();
  auto r = DeliveryResult::decode(views(p));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->encode(), p);
  EXPECT_EQ(r->recipients[0].full_for, 17u);
  EXPECT_EQ(r->recipients[1].full_for, 0u);
  auto one = DeliveryResult::decode({{"id", "4"}, {"outcome", "hold"}, {"text", "later"}});
  ASSERT_TRUE(one);
  ASSERT_EQ(one->recipients.size(), 1u);
  EXPECT_EQ(one->recipients[0].fate, Fate::hold);
  EXPECT_EQ(one->recipients[0].text, "later");
  EXPECT_FALSE(DeliveryResult::decode({{"id", "4"}, {"outcome", "maybe"}}));
}
