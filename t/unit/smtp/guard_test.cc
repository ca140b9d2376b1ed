// SPDX-License-Identifier: MIT
// What the driver forbids (lib/smtp/guard.h), and what a front end says (lib/smtp/forwarded.h).
#include "lib/smtp/guard.h"

#include <gtest/gtest.h>

#include "lib/smtp/server.h"

namespace jd::smtp {
namespace {
struct Strict : Guard {
  std::optional<Reply> mail, rcpt, data;
  std::string log, client;
  std::optional<Reply> may_mail(const Server&) override { return mail; }
  std::optional<Reply> may_rcpt(const Server&) override { return rcpt; }
  std::optional<Reply> may_receive(const Server&) override { return data; }
  void client_is(ServerOptions& o) override {
    client = o.client_ip;
    o.may_relay = true;
  }
  void refused(const Server& s, What what, const Reply& r) override {
    log += fmt::format("{} {} from={} to={}\n", static_cast<int>(what), r.code, s.envelope().reverse_path, what == What::recipient ? s.lookup_address() : "");
  }
};

struct GuardTest : testing::Test {
  GuardTest() {
    o.guard = &guard;
    o.hostname = "mx.test";
    o.max_errors = 3;
    o.may_xclient = true;
  }
  // All is known; the replies, the last words of each line left out.
  std::string say(const std::string& bytes) {
    std::string in = bytes;
    for (std::size_t used = 1; used && server().wants() != Server::Wants::close;) {
      used = server().feed(in);
      in.erase(0, used);
      if (server().wants() == Server::Wants::lookup) server().recipient_is(std::nullopt), used = 1;
      if (server().wants() == Server::Wants::commit) server().take_message(), server().committed("q"), used = 1;
    }
    std::string out = server().take_output(), codes;
    for (std::size_t at = 0; at < out.size(); at = out.find('\n', at) + 1)
      if (out[at + 3] == ' ') codes += (codes.empty() ? "" : " ") + out.substr(at, 3);
    return codes;
  }
  Server& server() {
    if (!server_) {
      server_.emplace(o);
      server_->take_output();
    }
    return *server_;
  }
  ServerOptions o;
  Strict guard;
  std::optional<Server> server_;
};

TEST_F(GuardTest, RefusalsAreNoMistakes) {
  guard.mail = Reply{450, "4.7.1", "too many"};
  std::string many;
  for (int i = 0; i < 10; i++) many += "MAIL FROM:<a@b.test>\r\n";
  EXPECT_EQ(say("EHLO x\r\n" + many), "250 450 450 450 450 450 450 450 450 450 450");
  EXPECT_EQ(guard.log.substr(0, 25), "0 450 from=a@b.test to=\n0");
  guard.mail.reset();
  guard.rcpt = Reply{450, "4.7.1", "too many"};
  EXPECT_EQ(say("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"), "250 450 554");
  EXPECT_NE(guard.log.find("1 450 from=a@b.test to=c@d.test\n"), std::string::npos);
  guard.rcpt.reset();
  guard.data = Reply{452, "4.3.1", "no room"};
  EXPECT_EQ(say("RCPT TO:<c@d.test>\r\nDATA\r\n"), "250 452");
  guard.data.reset();
  EXPECT_EQ(say("DATA\r\nx\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\n"), "354 250 250 250");
  guard.data = Reply{452, "4.3.1", "no room"};
  EXPECT_EQ(say("BDAT 3 LAST\r\nx\r\nMAIL FROM:<>\r\n"), "452 250");
}

TEST_F(GuardTest, With421ItIsOver) {
  guard.rcpt = Reply{421, "4.7.0", "enough"};
  EXPECT_EQ(say("EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nNOOP\r\n"), "250 250 421");
  EXPECT_EQ(server().wants(), Server::Wants::close);
}

TEST_F(GuardTest, AfterXclientTheDriverSaysWhatThatClientMay) {
  EXPECT_EQ(say("XCLIENT ADDR=IPV6:2001:DB8:0::7\r\n"), "220");
  EXPECT_EQ(guard.client, "2001:db8::7");
  EXPECT_TRUE(server().options().may_relay);
  EXPECT_FALSE(server().options().may_xclient);
}

TEST_F(GuardTest, AnUnknownClientMayNothing) {
  o.may_relay = o.may_etrn = true;
  EXPECT_EQ(say("XCLIENT ADDR=[UNAVAILABLE]\r\n"), "220");
  EXPECT_EQ(server().options().client_ip, "");
  EXPECT_FALSE(server().options().may_relay || server().options().may_etrn);
}

TEST(SmtpForwarded, Attributes) {
  Attributes a;
  EXPECT_TRUE(read_attributes(Speech::xclient, " NAME=[TEMPUNAVAIL] addr=::ffff:192.0.2.1  HELO=a+2Bb DESTADDR=192.0.2.2 DESTPORT=25", a));
  EXPECT_EQ(a.name, "");
  EXPECT_EQ(a.ip, "192.0.2.1");
  EXPECT_EQ(a.helo, "a+b");
  EXPECT_FALSE(a.login);
  for (std::string_view bad : {"", " ", "=", "NAME", "NAME=a=b", "NAME=a+20b", "NAME=a+00", "ADDR=a", "ADDR=1.2.3.4.5", "IDENT=x", "NAME=\xff", "PORT=-1"}) {
    Attributes b;
    EXPECT_FALSE(read_attributes(Speech::xclient, bad, b)) << bad;
  }
}
}  // namespace
}  // namespace jd::smtp
