// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/delivery.h"

#include <gtest/gtest.h>

#include <deque>

#include "lib/base/log.h"
#include "lib/dns/fake.h"
#include "t/unit/remote_deliver/scripted_host.h"

namespace jd {
namespace {
using queue::Fate;
using test::ScriptedHost;
using Said = ScriptedHost::Said;

struct RemoteTest : ::testing::Test {
  ManualClock clock;
  std::string lines;
  net::Loop loop;
  ScriptedHost host{loop, "127.0.0.2", 0};
  Config config;
  dns::FakeResolver dns{loop, {{"mx", "far.test", "10 mx.far.test"}, {"a", "mx.far.test", "127.0.0.2"}}};
  std::unique_ptr<RemoteShared> shared;
  std::deque<queue::DeliveryResult> answers;

  RemoteTest() {
    set_clock(&clock);
    log::capture(&lines);
    config.hostname = "me.test";
    config.smtp_port_out = host.port();
    make();
  }
  ~RemoteTest() override {
    loop.each_kept([this](net::Kept& k) { loop.drop(k); });
    loop.run_once();
    shared.reset();
    log::capture(nullptr);
    set_clock(nullptr);
  }
  void make() {
    Connections::Settings settings{config.hostname, *net::TlsContext::client(false), *net::TlsContext::client(true)};
    shared.reset(new RemoteShared{loop, config, dns, *OwnAddresses::of(config.hostname, config.listen_smtp), Secret("pw"), Connections(loop, settings)});
  }
  void begin(const std::string& text = "x", std::vector<std::string> to = {"a@far.test"}) {
    queue::RemoteDelivery d;
    d.qid = "q";
    d.domain = to[0].substr(to[0].find('@') + 1);
    d.from = "me@me.test";
    for (auto& t : to) d.recipients.emplace_back().address = t;
    auto delivery = std::make_unique<Delivery>(*shared, d, "Subject: " + text + "\r\n\r\n", [this](auto& r) { answers.push_back(r); });
    auto& raw = *delivery;
    loop.keep(std::move(delivery));
    raw.begin();
  }
  template <class F>
  void until(F done) {
    for (int i = 0; i < 2000 && !done(); i++) loop.run_once(milliseconds(1));
    EXPECT_TRUE(done());
  }
  void turns() {
    for (int i = 0; i < 20; i++) loop.run_once();
  }
  queue::RcptResult send(const std::string& text = "x", const std::string& to = "a@far.test") {
    begin(text, {to});
    until([&] { return !answers.empty(); });
    if (answers.empty()) return {};
    auto r = answers.front().recipients.at(0);
    answers.pop_front();
    EXPECT_TRUE(answers.empty());
    return r;
  }
  std::size_t logged(std::string_view what) const {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = lines.find(what, at)) != lines.npos; at++) n++;
    return n;
  }
};

TEST_F(RemoteTest, message_after_message_over_one_connection_then_quit) {
  for (int i = 0; i < 5; i++) {
    EXPECT_EQ(send().fate, Fate::delivered);
    clock.advance(seconds(2));
    turns();
  }
  EXPECT_EQ(host.connections, 1);
  EXPECT_EQ(host.messages.size(), 5u);
  EXPECT_EQ(host.lines.back(), "1 DATA") << "nothing is said between two messages";
  EXPECT_EQ(shared->connections.idle(), 1u);
  clock.advance(Connections::idle_time);
  until([&] { return host.quits == 1 && shared->connections.leaving() == 0; });
  EXPECT_EQ(shared->connections.idle(), 0u);
  EXPECT_EQ(send().fate, Fate::delivered);
  EXPECT_EQ(host.connections, 2);
}

TEST_F(RemoteTest, a_connection_carries_so_many_and_lives_so_long) {
  for (unsigned i = 0; i < Connections::max_messages; i++) send();
  EXPECT_EQ(host.connections, 1);
  until([&] { return host.quits == 1; });
  for (int i = 0; i < 149; i++) {  // 298 s
    send();
    clock.advance(seconds(2));
    turns();
    if (i == 90) send();  // not its 100th message
  }
  EXPECT_EQ(host.connections, 3);
  int before = host.connections;
  send();
  clock.advance(Connections::max_age);
  turns();
  send();
  EXPECT_EQ(host.connections, before + 1);
}

TEST_F(RemoteTest, at_once_each_has_its_own_and_all_are_kept) {
  for (int i = 0; i < 4; i++) begin();
  until([&] { return answers.size() == 4; });
  EXPECT_EQ(host.connections, 4);
  EXPECT_EQ(shared->connections.idle(), 4u);
  for (int i = 0; i < 4; i++) begin();
  until([&] { return answers.size() == 8; });
  EXPECT_EQ(host.connections, 4);
}

TEST_F(RemoteTest, one_that_the_host_ended_is_forgotten_at_once) {
  send();
  host.end_all();
  until([&] { return shared->connections.idle() == 0; });
  host.on = [](const Said& s) { return s.verb == "DOT" && s.connection == 2 ? "250 2.0.0 taken\r\n421 bye\r\nclose" : ""; };
  EXPECT_EQ(send().fate, Fate::delivered);
  until([&] { return shared->connections.idle() == 0; });
  EXPECT_EQ(send().fate, Fate::delivered);
  EXPECT_EQ(host.connections, 3);
  EXPECT_EQ(host.messages.size(), 3u);
}

// Whatever the host does to a connection that was used before, before it has the whole message, costs nothing.
TEST_F(RemoteTest, a_kept_connection_that_is_dead_costs_no_attempt) {
  int n = 0;
  for (std::string extensions : {"PIPELINING", "SIZE"})
    for (auto [verb, answer] : {std::pair("MAIL", "close"), {"MAIL", "421 bye\r\nclose"}, {"MAIL", "451 enough\r\n"}, {"MAIL", "550 5.7.1 enough\r\n"},
                                {"RCPT", "close"}, {"RCPT", "421 bye\r\nclose"}, {"DATA", "close"}, {"DATA", "421 bye\r\nclose"}, {"MAIL", "nonsense\r\n"}}) {
      clock.advance(minutes(1));
      turns();
      host.extensions = extensions;
      host.on = [](const Said&) { return std::string(); };
      int before = host.connections;
      EXPECT_EQ(send("first").fate, Fate::delivered);
      host.on = [&, v = verb, a = answer](const Said& s) { return s.verb == v && s.mails == 2 ? a : ""; };
      EXPECT_EQ(send("second").fate, Fate::delivered) << verb << " " << answer;
      EXPECT_EQ(host.connections, before + 2) << verb << " " << answer;
      n += 2;
      EXPECT_EQ(host.messages.size(), static_cast<std::size_t>(n)) << verb << " " << answer;
    }
  EXPECT_EQ(logged("host_failed"), 0u);
}

TEST_F(RemoteTest, what_was_sent_whole_is_never_sent_again) {
  send();
  host.on = [](const Said& s) { return s.verb == "DOT" ? "close" : ""; };
  auto r = send("lost");
  EXPECT_EQ(r.fate, Fate::temp);
  EXPECT_EQ(r.code, "4.4.2");
  EXPECT_EQ(host.connections, 1);
  dns.add({"mx", "two.test", "10 mx.far.test"});
  dns.add({"mx", "two.test", "20 mx.far.test"});
  EXPECT_EQ(send("lost", "a@two.test").fate, Fate::temp);
  EXPECT_EQ(host.connections, 2) << "nor to another host";
}

TEST_F(RemoteTest, a_new_connection_that_breaks_is_followed_by_the_next_host) {
  ScriptedHost second(loop, "127.0.0.3", host.port());
  dns.add({"mx", "two.test", "20 b.two.test"});
  dns.add({"mx", "two.test", "10 mx.far.test"});
  dns.add({"a", "b.two.test", "127.0.0.3"});
  for (std::string answer : {"close", "421 bye\r\nclose"})
    for (std::string verb : {"CONNECT", "EHLO", "MAIL", "RCPT", "DATA"}) {
      host.on = [&](const Said& s) { return s.verb == verb ? answer : ""; };
      std::size_t before = second.messages.size();
      auto r = send("x", "a@two.test");
      EXPECT_EQ(r.fate, Fate::delivered) << verb;
      EXPECT_EQ(r.host, "b.two.test");
      EXPECT_EQ(second.messages.size(), before + 1);
      clock.advance(minutes(2));
      turns();
    }
  // Both: temporary, the destination's.
  second.on = host.on = [](const Said& s) { return s.verb == "RCPT" ? "421 bye\r\nclose" : ""; };
  auto r = send("x", "a@two.test");
  EXPECT_EQ(r.fate, Fate::temp);
  EXPECT_TRUE(r.of_destination);
  // A refusal at the door counts only when every host says so.
  host.on = [](const Said& s) { return s.verb == "CONNECT" ? "554 no\r\n" : ""; };
  EXPECT_EQ(send("x", "a@two.test").fate, Fate::temp);
  clock.advance(minutes(2));
  turns();
  second.on = host.on;
  EXPECT_EQ(send("x", "a@two.test").fate, Fate::perm);
}

TEST_F(RemoteTest, a_host_that_is_down_is_tried_last_for_a_minute) {
  dns.add({"mx", "two.test", "10 down.test"});
  dns.add({"mx", "two.test", "20 mx.far.test"});
  dns.add({"a", "down.test", "127.0.0.9"});
  for (int i = 0; i < 3; i++) EXPECT_EQ(send("x", "a@two.test").host, "mx.far.test");
  EXPECT_EQ(logged("host_failed"), 1u);
  EXPECT_EQ(host.connections, 1);
  clock.advance(Connections::unreachable_time);
  turns();
  send("x", "a@two.test");
  EXPECT_EQ(logged("host_failed"), 2u);
}

TEST_F(RemoteTest, of_equals_the_connected_one_but_never_a_worse_one) {
  ScriptedHost second(loop, "127.0.0.3", host.port());
  dns.add({"a", "b.test", "127.0.0.3"});
  dns.add({"mx", "equal.test", "10 mx.far.test"});
  dns.add({"mx", "equal.test", "10 b.test"});
  dns.add({"mx", "worse.test", "10 b.test"});
  dns.add({"mx", "worse.test", "20 mx.far.test"});
  send();
  for (int i = 0; i < 10; i++) EXPECT_EQ(send("x", "a@equal.test").host, "mx.far.test");
  EXPECT_EQ(send("x", "a@worse.test").host, "b.test");
  EXPECT_EQ(host.connections + second.connections, 2);
}

TEST_F(RemoteTest, nobody_waits_for_rset_or_quit) {
  for (std::string extensions : {"PIPELINING", "SIZE"}) {
    host.extensions = extensions;
    host.on = [](const Said& s) { return s.verb == "RCPT" ? "550 5.1.1 no\r\n" : s.verb == "DATA" ? "554 nobody\r\n" : s.verb == "RSET" ? "silent" : ""; };
    EXPECT_EQ(send().code, "5.1.1");
    until([&] { return host.resets == 1; });
    EXPECT_EQ(shared->connections.idle(), 1u);
    host.on = [](const Said& s) { return s.verb == "QUIT" ? "silent" : ""; };
    clock.advance(minutes(1));
    until([&] { return host.quits == 1 && shared->connections.leaving() == 0; });
    // The answer to RSET comes with the next message's.
    host.on = [](const Said& s) { return s.verb == "RCPT" && s.mails == 1 ? "550 5.1.1 no\r\n" : s.verb == "DATA" && s.mails == 1 ? "554 nobody\r\n" : ""; };
    send();
    EXPECT_EQ(send().fate, Fate::delivered);
    clock.advance(minutes(1));
    until([&] { return shared->connections.idle() + shared->connections.leaving() == 0; });
    host.quits = host.resets = 0;
  }
  EXPECT_EQ(host.connections, 4);
}

TEST_F(RemoteTest, stop_says_quit_and_keeps_none) {
  host.on = [](const Said& s) { return s.verb == "DOT" && s.connection == 2 ? "silent" : ""; };
  begin();
  begin();
  until([&] { return shared->connections.idle() == 1; });
  shared->connections.stop();
  until([&] { return host.quits == 1; });
  EXPECT_EQ(shared->connections.idle(), 0u);
}

TEST_F(RemoteTest, each_recipient_has_its_answer) {
  host.on = [](const Said& s) {
    return s.line.starts_with("RCPT TO:<b@") ? "450 4.2.2 full\r\n" : s.line.starts_with("RCPT TO:<c@") ? "550 5.1.1 who\r\n" : "";
  };
  begin("x", {"a@far.test", "b@far.test", "c@far.test"});
  until([&] { return answers.size() == 1; });
  auto& r = answers[0].recipients;
  EXPECT_EQ(r[0].fate, Fate::delivered);
  EXPECT_EQ(r[1].code, "4.2.2");
  EXPECT_EQ(r[2].code, "5.1.1");
  EXPECT_FALSE(r[1].of_destination);
}

TEST_F(RemoteTest, a_host_that_says_nothing_is_left_in_time) {
  host.on = [](const Said& s) { return s.verb == "EHLO" ? "" : s.verb == "CONNECT" ? "" : "silent"; };
  begin();
  until([&] { return host.lines.size() >= 2; });
  clock.advance(minutes(6));
  until([&] { return answers.size() == 1; });
  EXPECT_EQ(answers[0].recipients[0].fate, Fate::temp);
}

TEST_F(RemoteTest, a_smarthost_with_a_login_is_another_peer) {
  host.extensions = "AUTH PLAIN";
  send();
  config.smarthost = "127.0.0.2:" + std::to_string(host.port());
  config.smarthost_user = "us";
  EXPECT_EQ(send().fate, Fate::delivered);
  EXPECT_EQ(send("x", "a@elsewhere.test").fate, Fate::delivered);
  EXPECT_EQ(host.connections, 2);
  host.on = [](const Said& s) { return s.verb == "AUTH" ? "535 5.7.8 no\r\n" : ""; };
  clock.advance(minutes(1));
  turns();
  auto r = send();
  EXPECT_EQ(r.fate, Fate::temp);
  EXPECT_EQ(r.code, "4.7.8");
}
}  // namespace
}  // namespace jd
