// SPDX-License-Identifier: MIT
#include "lib/smtp/client.h"

#include <gtest/gtest.h>

#include <algorithm>

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

// ---- what is used when it is offered

Dialog greeted(std::string_view offers, bool is_lmtp = false) {
  ClientOptions o{"me.test", "mx.test", true, false, false, false, "", {}, true, is_lmtp};
  Dialog t{Client(o), ""};
  std::string hello = "220 hi\r\n250-mx\r\n";
  for (auto w : words(offers)) {
    std::string line(w);
    std::replace(line.begin(), line.end(), '_', ' ');
    hello += "250-" + line + "\r\n";
  }
  t.hear(hello + "250 HELP\r\n");
  t.take();
  return t;
}

std::string fates(const Client& c) {
  std::string r;
  for (auto& x : c.results()) r += fmt::format("{}{} ", queue::fate_text(x.fate), x.code);
  return r;
}

TEST(Client, counts_a_message_and_sends_a_small_first_one_at_once) {
  Dialog t = greeted("PIPELINING CHUNKING");
  auto d = two();
  t.client.send(d, "A: b\r\n\r\n.x\r\n");
  t.hear("");
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\nBDAT 12 LAST\r\nA: b\r\n\r\n.x\r\n");
  EXPECT_EQ(t.hear("250 ok\r\n250 ok\r\n550 5.1.1 who\r\n250 2.0.0 taken\r\n"), Event::done);
  EXPECT_EQ(fates(t.client), "delivered2.0.0 perm5.1.1 ");
  // On a used connection the message waits for its recipients: the host may be leaving.
  t.client.send(d, "x\r\n");
  t.hear("");
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\n");
  t.hear("250 ok\r\n250 ok\r\n550 no\r\n");
  EXPECT_EQ(t.take(), "BDAT 3 LAST\r\nx\r\n");
  EXPECT_EQ(t.hear("250 ok\r\n"), Event::done);
  // Nobody takes it: nothing of it goes out.
  t.client.send(d, "x\r\n");
  EXPECT_EQ(t.hear("250 ok\r\n550 no\r\n550 no\r\n"), Event::done);
  EXPECT_TRUE(t.take().ends_with("RCPT TO:<c@y.test>\r\nRSET\r\n"));
  EXPECT_TRUE(t.client.is_reusable());
}

TEST(Client, a_message_that_went_with_its_recipients_is_undelivered_when_mail_is_refused) {
  for (auto [heard, is_undelivered] : {std::pair{"421 bye\r\n", true}, {"250 ok\r\n421 bye\r\n", true}, {"250 ok\r\n250 ok\r\n421 bye\r\n", false}}) {
    Dialog t = greeted("PIPELINING CHUNKING");
    auto d = two();
    t.client.send(d, "x\r\n");
    t.hear("");
    Event e = t.hear(heard);
    if (e == Event::none) e = t.client.closed("gone");
    EXPECT_EQ(e, Event::done);
    EXPECT_EQ(t.client.is_undelivered(), is_undelivered) << heard;
  }
  Dialog t = greeted("PIPELINING CHUNKING");
  auto d = two();
  t.client.send(d, "x\r\n");
  t.hear("");
  EXPECT_EQ(t.hear("451 4.7.1 later\r\n503 no\r\n503 no\r\n503 no\r\n"), Event::done);
  EXPECT_EQ(fates(t.client), "temp4.7.1 temp4.7.1 ");
  EXPECT_TRUE(t.take().ends_with("RSET\r\n"));
}

TEST(Client, a_message_that_is_not_in_lines_is_not_counted) {
  Dialog t = greeted("CHUNKING");
  auto d = two();
  t.client.send(d, "a\nb\rc");
  t.hear("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_TRUE(t.take().ends_with("DATA\r\na\r\nb\r\nc\r\n.\r\n"));
}

TEST(Client, sends_binary_as_it_is_or_in_lines_or_not_at_all) {
  auto d = two();
  d.recipients.pop_back();
  d.body = queue::Body::binary;
  std::string m = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n" + std::string("\0\n\xff", 3);
  Dialog t = greeted("PIPELINING CHUNKING BINARYMIME 8BITMIME");
  t.client.send(d, m);
  t.hear("");
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test> BODY=BINARYMIME\r\nRCPT TO:<b@y.test>\r\nBDAT " + std::to_string(m.size()) + " LAST\r\n" + m);
  Dialog u = greeted("CHUNKING BINARYMIME_no_such 8BITMIME");
  Dialog v = greeted("8BITMIME");
  v.client.send(d, m);
  v.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  std::string said = v.take();
  EXPECT_TRUE(said.starts_with("MAIL FROM:<a@x.test> BODY=8BITMIME\r\n")) << said;
  EXPECT_NE(said.find("Content-Transfer-Encoding: base64\r\n\r\nAAr/\r\n.\r\n"), said.npos) << said;
  Dialog w = greeted("8BITMIME");
  std::string sealed = "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n" + m + "\r\n--x--\r\n";
  EXPECT_EQ(w.client.send(d, sealed), Event::done);
  EXPECT_EQ(w.client.results()[0].code, "5.6.3");
}

TEST(Client, says_wide_domains_in_ascii_where_wide_addresses_are_not_known) {
  auto d = two();
  d.smtputf8 = true;
  d.recipients.pop_back();
  d.recipients[0].address = "b@b\xc3\xbc""cher.test";
  for (bool is_known : {false, true}) {
    Dialog t = greeted(is_known ? "SMTPUTF8" : "");
    t.client.send(d, "A: b\r\n\r\nx\r\n");
    t.hear("250 ok\r\n");
    EXPECT_EQ(t.take(), is_known ? "MAIL FROM:<a@x.test> SMTPUTF8\r\nRCPT TO:<b@b\xc3\xbc""cher.test>\r\n"
                                 : "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@xn--bcher-kva.test>\r\n");
  }
  Dialog t = greeted("");
  EXPECT_EQ(t.client.send(d, "A: \xc3\xbc\r\n\r\nx\r\n"), Event::done);
  EXPECT_EQ(t.client.results()[0].code, "5.6.9");
}

TEST(Client, speaks_lmtp_with_an_answer_for_each) {
  for (bool counted : {false, true}) {
    Dialog t{Client({"me.test", "mx.test", true, false, false, false, "", {}, true, true}), ""};
    t.hear("220 hi\r\n");
    EXPECT_EQ(t.take(), "LHLO me.test\r\n");
    t.hear(counted ? "250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n" : "250-mx\r\n250 PIPELINING\r\n");
    auto d = two();
    d.recipients.push_back(d.recipients[0]);
    t.client.send(d, "x\r\n");
    t.hear("250 ok\r\n250 ok\r\n550 5.1.1 who\r\n250 ok\r\n");
    if (!counted) t.hear("354 go\r\n");
    EXPECT_TRUE(t.take().ends_with(counted ? "BDAT 3 LAST\r\nx\r\n" : "x\r\n.\r\n"));
    EXPECT_EQ(t.hear("250 2.1.5 one\r\n"), Event::none);
    EXPECT_EQ(t.hear("452 4.2.2 full\r\n"), Event::done);
    EXPECT_EQ(fates(t.client), "delivered2.1.5 perm5.1.1 temp4.2.2 ");
  }
}

TEST(Client, sends_again_to_those_that_were_too_many) {
  Dialog t = greeted("PIPELINING");
  auto d = two();
  d.recipients.push_back(d.recipients[0]);
  t.client.send(d, "x\r\n");
  t.hear("250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n452 too many\r\n354 go\r\n");
  t.take();
  EXPECT_EQ(t.hear("250 taken\r\n"), Event::none);
  EXPECT_EQ(t.take(), "MAIL FROM:<a@x.test>\r\nRCPT TO:<c@y.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n");
  t.hear("250 ok\r\n452 4.5.3 too many\r\n250 ok\r\n354 go\r\n");  // the first is never too many
  EXPECT_EQ(t.hear("250 taken\r\n"), Event::done);
  EXPECT_EQ(fates(t.client), "delivered2.0.0 temp4.5.3 delivered2.0.0 ");
}

TEST(Client, a_later_transaction_that_fails_is_not_the_whole_message) {
  Dialog t = greeted("PIPELINING LIMITS_RCPTMAX=1");
  auto d = two();
  t.client.send(d, "x\r\n");
  t.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_EQ(t.hear("250 taken\r\n"), Event::none);
  EXPECT_EQ(t.hear("421 bye\r\n"), Event::done);
  EXPECT_EQ(fates(t.client), "delivered2.0.0 temp4.0.0 ");
  EXPECT_FALSE(t.client.is_undelivered());
  EXPECT_FALSE(t.client.was_mail_refused());
}

TEST(Client, keeps_to_the_limits_of_the_host) {
  Dialog t = greeted("PIPELINING LIMITS_RCPTMAX=2_MAILMAX=2_RCPTDOMAINMAX=1_X=y");
  auto d = two();
  for (const char* a : {"d@z.test", "e@y.test", "f@y.test"}) d.recipients.emplace_back().address = a;
  t.client.send(d, "x\r\n");
  t.hear("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  t.hear("250 taken\r\n");
  t.take();
  t.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_EQ(t.take(), "x\r\n.\r\n");
  EXPECT_EQ(t.hear("250 taken\r\n"), Event::done);
  EXPECT_EQ(fates(t.client), "delivered2.0.0 delivered2.0.0 delivered2.0.0 temp4.5.3 temp4.5.3 ");
  EXPECT_TRUE(t.client.is_used_up());
}

TEST(Client, passes_on_requiretls_and_the_time_to_deliver_by) {
  ManualClock clock;
  set_clock(&clock);
  auto d = two();
  d.requiretls = true;
  d.deliver_by = clock.at + seconds(90);
  d.by_return = d.by_trace = true;
  Dialog t = greeted("PIPELINING REQUIRETLS DELIVERBY_30 DSN");
  EXPECT_TRUE(t.client.offers_requiretls());
  t.client.send(d, "x\r\n");
  t.hear("");
  EXPECT_TRUE(t.take().starts_with("MAIL FROM:<a@x.test> REQUIRETLS BY=90;RT\r\n"));
  t.hear("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  t.hear("250 taken\r\n");
  EXPECT_TRUE(t.client.results()[0].is_relayed);  // the trace was asked for
  struct Case { const char* offers; int64_t left; bool returns; const char* code; };
  for (auto [offers, left, returns, code] : {Case{"DELIVERBY_100", 90, true, "5.4.7"}, Case{"DELIVERBY", -1, true, "5.4.7"}, Case{"", 90, true, "5.3.3"},
                                             Case{"DELIVERBY_100", 90, false, ""}, Case{"", -90, false, ""}}) {
    Dialog u = greeted(offers);
    d.deliver_by = clock.at + seconds(left);
    d.by_return = returns;
    d.by_trace = false;
    EXPECT_EQ(u.client.send(d, "x\r\n"), *code ? Event::done : Event::none) << offers;
    EXPECT_EQ(u.client.results()[0].code, code);
  }
  set_clock(nullptr);
}

TEST(Client, knows_who_will_not_tell_of_success) {
  for (bool dsn : {true, false}) {
    Dialog t = greeted(dsn ? "DSN" : "");
    auto d = two();
    d.recipients.pop_back();
    d.recipients[0].notify = queue::notify_success;
    t.client.send(d, "x\r\n");
    t.hear("250 ok\r\n");
    EXPECT_EQ(t.take().find("NOTIFY=SUCCESS") != std::string::npos, dsn);
    t.hear("250 ok\r\n354 go\r\n");
    t.hear("250 taken\r\n");
    EXPECT_EQ(t.client.results()[0].is_relayed, !dsn);
  }
}
}  // namespace
}  // namespace jd::smtp

#define LLVMFuzzerTestOneInput fuzz_client
#include "t/fuzz/smtp_client.cc"
#undef LLVMFuzzerTestOneInput

TEST(SmtpClientFuzz, OurOwnInputs) {
  std::string ok = "220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
  std::string much = "220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-LIMITS RCPTMAX=1 MAILMAX=3 RCPTDOMAINMAX=1\r\n250-REQUIRETLS\r\n250-DELIVERBY 9\r\n250 BINARYMIME\r\n";
  for (std::string in : {much + "250 ok\r\n250 ok\r\n250 taken\r\n250 ok\r\n452 4.5.3 no\r\n503 no\r\n250 reset\r\n250 ok\r\n250 ok\r\n250 taken\r\n",
                         ok + "220 go\r\n250-mx\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n550 no\r\n451 later\r\n354 go\r\n250 done\r\n", ok + "454 no\r\n",
                         std::string("220 mx\r\n500 ?\r\n250 mx\r\n250 ok\r\n421 bye\r\n"), std::string("554 go away\r\n"), std::string("HTTP/1.1 400\r\n"),
                         std::string(100'000, '2'), std::string("220-") + std::string(50'000, 'x') + "\r\n", std::string("220 mx\r\n250 mx\r\n250\r\n99\r\n\0\r\n", 28)})
    for (std::size_t cut = 0; cut <= in.size() && cut < 400; cut++)
      EXPECT_EQ(fuzz_client(reinterpret_cast<const uint8_t*>(in.data()), in.size() - cut), 0);
}
