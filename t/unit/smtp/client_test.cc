// SPDX-License-Identifier: MIT
#include "lib/smtp/client.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::smtp {
namespace {
using Event = Client::Event;

struct Dialog {
  Client client{{"me.test", "mx.test", true, false, false, false, "", {}, true}};
  std::string said;
  Event hear(std::string_view bytes) {  // byte by byte; the last event
    Event last = Event::none;
    for (char c : bytes)
      if (Event e = client.feed({&c, 1}); e != Event::none) last = e;
    for (std::string s; !(s = client.take_output()).empty();) said += s;
    return last;
  }
  std::string take() { return std::exchange(said, {}); }
};

queue::RemoteDelivery two() {
  queue::RemoteDelivery d;
  d.from = "a@x.test";
  d.recipients.resize(2);
  d.recipients[0].address = "b@y.test";
  d.recipients[1].address = "c@y.test";
  return d;
}

TEST(Client, pipelines_and_tells_each_recipient) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n");
  EXPECT_EQ(t.take(), "EHLO me.test\r\n");
  EXPECT_EQ(t.hear("250-mx\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"), Event::ready);
  t.client.send(d, "A: b\r\n\r\n.x\n");
  t.hear("250 ok\r\n250 ok\r\n550 5.1.1 who\r\n354 go\r\n");
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test> SIZE=11\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\nDATA\r\nA: b\r\n\r\n..x\r\n.\r\n");
  EXPECT_EQ(t.hear("250 2.0.0 taken\r\n"), Event::done);
  EXPECT_EQ(t.client.results()[0].fate, queue::Fate::delivered);
  EXPECT_EQ(t.client.results()[1].fate, queue::Fate::perm);
  EXPECT_EQ(t.client.results()[1].code, "5.1.1");
  EXPECT_EQ(t.client.results()[1].text, "550 5.1.1 who");
  EXPECT_TRUE(t.client.is_reusable());
}

TEST(Client, goes_step_by_step_after_helo) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n502 what\r\n");
  EXPECT_EQ(t.take(), "EHLO me.test\r\nHELO me.test\r\n");
  EXPECT_EQ(t.hear("250 mx\r\n"), Event::ready);
  t.client.send(d, "x\r\n");
  EXPECT_EQ(t.hear("250 ok\r\n450 later\r\n550 no\r\n"), Event::done);  // not behind the answer to RSET
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\nRSET\r\n");
  EXPECT_EQ(t.client.results()[0].fate, queue::Fate::temp);
  EXPECT_EQ(t.client.results()[1].fate, queue::Fate::perm);
}

TEST(Client, the_next_message_waits_for_the_answer_to_rset_where_commands_go_one_by_one) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n250 mx\r\n");
  t.client.send(d, "x\r\n");
  EXPECT_EQ(t.hear("550 no\r\n"), Event::done);
  t.take();
  EXPECT_EQ(t.client.send(d, "x\r\n"), Event::none);
  EXPECT_EQ(t.hear(""), Event::none);
  EXPECT_EQ(t.take(), "");
  t.hear("250 reset\r\n");
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\n");
  t.hear("250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n");
  EXPECT_EQ(t.hear("250 taken\r\n"), Event::done);
  EXPECT_EQ(t.client.results()[0].fate, queue::Fate::delivered);
}

TEST(Client, carries_message_after_message_pipelined) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n250-mx\r\n250 PIPELINING\r\n");
  for (int i = 0; i < 3; i++) {
    t.client.send(d, "x\r\n");
    EXPECT_EQ(t.hear("250 ok\r\n550 no\r\n550 no\r\n554 nobody\r\n"), Event::done);
    EXPECT_TRUE(t.client.is_reusable());
    t.take();
    t.client.send(d, "x\r\n");
    t.hear("250 reset\r\n250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n");
    EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\nDATA\r\nx\r\n.\r\n");
    EXPECT_EQ(t.hear("250 taken\r\n"), Event::done);
    EXPECT_EQ(t.client.results()[0].fate, queue::Fate::delivered);
    EXPECT_EQ(t.client.results()[1].fate, queue::Fate::perm);
  }
}

TEST(Client, knows_whether_anybody_can_have_the_message) {
  auto d = two();
  struct Case { const char* heard; bool is_undelivered; };
  for (auto [heard, is_undelivered] : {Case{"", true}, Case{"421 bye\r\n", true}, Case{"250 ok\r\n421 bye\r\n", true},
                                       Case{"250 ok\r\n250 ok\r\n250 ok\r\n421 bye\r\n", true},
                                       Case{"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", false},
                                       Case{"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n421 bye\r\n", false},
                                       Case{"250 ok\r\n550 no\r\n550 no\r\n354 go\r\n", false}}) {
    Dialog t;
    t.hear("220 hi\r\n250-mx\r\n250 PIPELINING\r\n");
    t.client.send(d, "x\r\n");
    Event e = Event::none;
    for (std::string_view rest = heard; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) e = t.hear(rest.substr(0, rest.find('\n') + 1));
    if (e == Event::none) e = t.client.closed("gone");
    EXPECT_EQ(e, Event::done) << heard;
    EXPECT_EQ(t.client.is_undelivered(), is_undelivered) << heard;
    EXPECT_FALSE(t.client.is_reusable()) << heard;
  }
}

TEST(Client, what_a_host_says_unasked_ends_the_session) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n250-mx\r\n250 PIPELINING\r\n");
  t.client.send(d, "x\r\n");
  t.hear("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_EQ(t.client.feed("250 taken\r\n421 bye\r\n"), Event::done);
  EXPECT_EQ(t.client.results()[0].fate, queue::Fate::delivered);
  EXPECT_EQ(t.client.feed(""), Event::failed);
  EXPECT_FALSE(t.client.is_reusable());
}

TEST(Client, sends_7_bits_where_8_are_not_offered) {
  auto d = two();
  d.recipients.pop_back();
  for (bool is_offered : {true, false}) {
    Dialog t;
    t.hear(is_offered ? "220 hi\r\n250-mx\r\n250-8BITMIME\r\n250 SIZE\r\n" : "220 hi\r\n250-mx\r\n250 SIZE\r\n");
    t.take();
    t.client.send(d, "A: b\r\n\r\n\xc3\xa9\r\n");
    t.hear("250 ok\r\n250 ok\r\n354 go\r\n");
    std::string said = t.take();
    EXPECT_EQ(said.starts_with(is_offered ? "MAIL FROM:<a@x.test> SIZE=12 BODY=8BITMIME\r\n" : "MAIL FROM:<a@x.test> SIZE=121\r\n"), true) << said;
    EXPECT_EQ(is_ascii(said), !is_offered);
    EXPECT_NE(said.find(is_offered ? "\xc3\xa9\r\n.\r\n" : "=C3=A9\r\n.\r\n"), said.npos) << said;
  }
}

TEST(Client, knows_itself_by_its_name) {
  for (bool must_differ : {true, false}) {
    Client c({"me.test", "mx.test", true, false, false, must_differ, "", {}, true});
    c.feed("220 hi\r\n");
    EXPECT_EQ(c.feed("250-ME.test greets you\r\n250 SIZE\r\n"), must_differ ? Event::failed : Event::ready);
    EXPECT_EQ(c.failure().code, must_differ ? "5.4.6" : "");
  }
}

TEST(Client, keeps_the_password_where_there_is_no_tls) {
  for (bool may : {true, false}) {
    Client c({"me.test", "mx.test", true, false, false, false, "us", Secret("secret"), may});
    c.feed("220 hi\r\n");
    c.take_output();
    Event e = c.feed("250-mx\r\n250 AUTH PLAIN\r\n");
    EXPECT_EQ(e, may ? Event::none : Event::failed);
    EXPECT_EQ(c.take_output(), may ? "AUTH PLAIN AHVzAHNlY3JldA==\r\n" : "");
  }
}

TEST(Client, begins_tls_and_forgets_what_was_said_before) {
  Dialog t;
  t.hear("220 hi\r\n250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
  EXPECT_EQ(t.hear("220 go\r\n"), Event::start_tls);
  t.client.secured();
  EXPECT_EQ(t.hear("250 mx\r\n"), Event::ready);
}

TEST(Client, refuses_wide_addresses_where_they_are_not_known) {
  Dialog t;
  auto d = two();
  d.smtputf8 = true;
  d.from = "\xc3\xa9@x.test";
  t.hear("220 hi\r\n250 mx\r\n");
  EXPECT_EQ(t.client.send(d, "x\r\n"), Event::done);
  EXPECT_EQ(t.client.results()[0].code, "5.6.7");
}

TEST(Client, bounds_replies) {
  Dialog t;
  EXPECT_EQ(t.hear(std::string(5000, '2')), Event::failed);
  Dialog u;
  Event last = Event::none;
  for (int i = 0; i < 400 && last == Event::none; i++) last = u.hear("220-" + std::string(60, 'x') + "\r\n");
  EXPECT_EQ(last, Event::failed);
}

TEST(Client, a_lost_connection_is_temporary) {
  Dialog t;
  auto d = two();
  t.hear("220 hi\r\n250 mx\r\n");
  t.client.send(d, "x\r\n");
  t.hear("250 ok\r\n");
  EXPECT_EQ(t.client.closed("gone"), Event::done);
  EXPECT_EQ(t.client.results()[1].fate, queue::Fate::temp);
}
}  // namespace
}  // namespace jd::smtp

#define LLVMFuzzerTestOneInput fuzz_client
#include "t/fuzz/smtp_client.cc"
#undef LLVMFuzzerTestOneInput

TEST(SmtpClientFuzz, OurOwnInputs) {
  std::string ok = "220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
  for (std::string in : {ok + "220 go\r\n250-mx\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n550 no\r\n451 later\r\n354 go\r\n250 done\r\n", ok + "454 no\r\n",
                         std::string("220 mx\r\n500 ?\r\n250 mx\r\n250 ok\r\n421 bye\r\n"), std::string("554 go away\r\n"), std::string("HTTP/1.1 400\r\n"),
                         std::string(100'000, '2'), std::string("220-") + std::string(50'000, 'x') + "\r\n", std::string("220 mx\r\n250 mx\r\n250\r\n99\r\n\0\r\n", 28)})
    for (std::size_t cut = 0; cut <= in.size() && cut < 400; cut++)
      EXPECT_EQ(fuzz_client(reinterpret_cast<const uint8_t*>(in.data()), in.size() - cut), 0);
}
