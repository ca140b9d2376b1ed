// SPDX-License-Identifier: MIT
#include "cmd/jdctl/story.h"

#include <gtest/gtest.h>

using namespace jd;
using namespace jd::ctl;

namespace {
std::string said(const std::string& rest, bool zh = false) {
  std::string line = "2026-11-24 16:02:11.123456789  " + rest;  // outlives what points into it
  auto l = parse_log_line(line);
  return l ? sentence(*l, zh) : "";
}
const std::string q = "001k111cgm72r58dr2zf";
}  // namespace

TEST(Story, WhatIsUnknownIsLeftOut) {
  EXPECT_EQ(said("accepted prog=smtpd qid=" + q + " from=a@b rcpts=2 bytes=4198 ip=192.0.2.7 helo=mail.example.org user=\"\" with=ESMTPS"),
            "accepted from 192.0.2.7 (mail.example.org) by smtpd over TLS, 2 recipients, 4.1K");
  EXPECT_EQ(said("accepted rcpts=1 bytes=100 ip=192.0.2.7 with=ESMTP"), "accepted from 192.0.2.7 by smtpd, 1 recipient, 100 bytes");
  EXPECT_EQ(said("stored to=bob@example.org uid=17"), "delivered to bob@example.org: in the mailbox as UID 17");
  EXPECT_EQ(said("deferred to=x@b original=x@b host=mx1.b code=4.7.1 reason=\"451 4.7.1 greylisted\" next=\"\""), "x@b: mx1.b said: 451 4.7.1 greylisted");
  EXPECT_EQ(said("deferred to=x@b original=team@a host=\"\" code=4.4.1 reason=\"no answer\""), "x@b (for team@a): no answer (4.4.1)");
  EXPECT_EQ(said("removed qid=1 reason=\"by the operator\""), "it has left the queue: removed by the operator");
  EXPECT_EQ(said("removed qid=1 reason=done"), "it has left the queue");
}

TEST(Story, Chinese) {
  EXPECT_EQ(said("stored to=bob@example.org uid=17", true), "已投递到 bob@example.org 的邮箱，UID 17");
  EXPECT_TRUE(wants_chinese("zh_TW"));
  EXPECT_TRUE(wants_chinese("zh"));
  EXPECT_FALSE(wants_chinese("en"));
}

TEST(Story, NothingReachesTheTerminalRaw) {
  auto s = said("bounced to=x@b original=x@b host=mx code=5.0.0 reason=\"550 \\x1b[31mred\\x07\"");
  EXPECT_EQ(s.find('\x1b'), std::string::npos);
  EXPECT_NE(s.find("?[31mred?"), std::string::npos);
  EXPECT_EQ(said("something_new a=1 b=\"x y\" qid=5"), "something_new a=1 b=x y");
}

TEST(Story, EachThingOnce) {
  auto line = [](const std::string& rest) { return Step{"2026-11-24 16:02:11.1  " + rest, "p"}; };
  auto told = tell({line("queued qid=1 msgid=m@x"), line("picked_up qid=1"), line("stored qid=1 to=bob@x uid=1"), line("delivered qid=1 to=Bob@x host=\"\""),
                    line("remote_answer qid=1 to=c@y outcome=temp host=h text=\"451 no\""), line("deferred qid=1 to=c@y original=c@y host=h code=4.0.0 reason=\"451 no\""),
                    line("remote_answer qid=1 to=d@y outcome=delivered host=h text=\"250 ok\""), line("delivered qid=1 to=d@y host=h"),
                    line("delivered qid=1 to=e@y host=h2"), line("not a line at all")},
                   false);
  std::vector<std::string> events;
  for (auto& t : told) events.push_back(t.event);
  EXPECT_EQ(events, (std::vector<std::string>{"queued", "stored", "deferred", "remote_answer", "delivered", "not"}));
  EXPECT_EQ(told[0].time, "2026-11-24 16:02:11");
}
