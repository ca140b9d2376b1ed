// SPDX-License-Identifier: MIT
#include "lib/smtp/server.h"

#include <gtest/gtest.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/smtp/address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace jd::smtp {
namespace {
struct Talk {
  std::string replies, messages;
  std::vector<std::string> recipients;
};

ServerOptions options(Kind kind = Kind::smtp) {
  ServerOptions o;
  o.kind = kind;
  o.hostname = "mx.test";
  o.client_ip = "192.0.2.9";
  o.has_tls = true;
  o.may_auth_in_clear = true;
  o.max_message = 1000;
  o.max_recipients = 3;
  return o;
}

// Plays a whole conversation in pieces of `piece` bytes: a@ours.test is known, no@ours.test is not,
// everything else is elsewhere; the password is "pw".
Talk play(const std::string& client, std::size_t piece, ServerOptions o = options()) {
  Server s(std::move(o));
  Talk t;
  std::string waiting;
  for (std::size_t at = 0; at < client.size() || !waiting.empty();) {
    std::size_t before = waiting.size();
    waiting += client.substr(std::min(at, client.size()), piece);
    bool no_more = waiting.size() == before;
    at += piece;
    for (;;) {
      std::size_t n = s.feed(waiting);
      waiting.erase(0, n);
      auto w = s.wants();
      if (w == Server::Wants::lookup) {
        auto a = s.lookup_address();
        if (a == "no@ours.test") s.recipient_is(Reply{550, "5.1.1", "unknown"});
        else if (a.ends_with("@ours.test") || a == "postmaster") s.recipient_is(std::nullopt);
        else s.recipient_is_remote();
      } else if (w == Server::Wants::login) {
        if (s.credentials().password.reveal() == "pw") s.logged_in("a@ours.test");
        else s.login_failed({535, "5.7.8", "wrong"});
      } else if (w == Server::Wants::commit) {
        for (auto& r : s.envelope().recipients) t.recipients.push_back(r.address);
        std::string m = s.take_message();
        t.messages += m.substr(m.find(";\r\n\t") + 4);
        t.messages.erase(0, t.messages.find("\r\n") + 2);
        s.committed("q1");
      } else if (w == Server::Wants::starttls) {
        s.secured("TLSv1.3", "cipher");
        waiting.clear();
      }
      t.replies += s.take_output();
      if (w == Server::Wants::close) return t;
      if (w == Server::Wants::bytes) break;
    }
    if (no_more) break;
  }
  return t;
}

std::vector<std::string> codes(const std::string& replies) {
  std::vector<std::string> r;
  for (auto l : split(replies, '\n'))
    if (l.size() > 3 && l[3] == ' ') r.emplace_back(l.substr(0, 3));
  return r;
}
const std::string hello = "EHLO client.test\r\n";
}  // namespace

TEST(SmtpServer, AWholeConversationInEverySplit) {
  std::string c = hello + "MAIL FROM:<x@else.test> SIZE=20 BODY=8BITMIME\r\nRCPT TO:<a@ours.test> NOTIFY=NEVER\r\nRCPT TO:<no@ours.test>\r\n"
                  "RCPT TO:<z@else.test>\r\nDATA\r\nSubject: t\r\n\r\n..dot\r\n.x\r\n\r\n.\r\nQUIT\r\n";
  Talk whole = play(c, c.size());
  EXPECT_EQ(codes(whole.replies), (std::vector<std::string>{"220", "250", "250", "250", "550", "550", "354", "250", "221"}));
  EXPECT_EQ(whole.messages, "Subject: t\r\n\r\n.dot\r\nx\r\n\r\n");
  EXPECT_EQ(whole.recipients, std::vector<std::string>{"a@ours.test"});
  for (std::size_t piece = 1; piece < 40; piece++) {
    Talk t = play(c, piece);
    EXPECT_EQ(t.replies, whole.replies) << piece;
    EXPECT_EQ(t.messages, whole.messages) << piece;
  }
}

TEST(SmtpServer, NothingButCrlfDotCrlfEndsAMessage) {
  for (std::string end : {"\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r"}) {
    std::string c = hello + "MAIL FROM:<x@else.test>\r\nRCPT TO:<a@ours.test>\r\nDATA\r\nfirst" + end +
                    "MAIL FROM:<evil@else.test>\r\nRCPT TO:<a@ours.test>\r\nDATA\r\nsmuggled\r\n.\r\n";
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, c.size()}) {
      Talk t = play(c, piece);
      EXPECT_EQ(codes(t.replies), (std::vector<std::string>{"220", "250", "250", "250", "354", "554"})) << escape(end) << piece;
      EXPECT_EQ(t.messages, "");
    }
  }
}

TEST(SmtpServer, OrderIsKept) {
  EXPECT_EQ(codes(play("MAIL FROM:<x@e.test>\r\n" + hello + "RCPT TO:<a@ours.test>\r\nDATA\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\nFOO\r\nVRFY a\r\nRSET\r\nNOOP\r\n", 9999).replies),
            (std::vector<std::string>{"220", "503", "250", "503", "503", "250", "503", "554", "500", "252", "250", "250"}));
}

TEST(SmtpServer, LimitsAreSaid) {
  EXPECT_NE(play(hello + "MAIL FROM:<x@e.test> SIZE=2000\r\n", 9999).replies.find("552 5.3.4"), std::string::npos);
  Talk t = play(hello + "MAIL FROM:<x@e.test>\r\nRCPT TO:<a@ours.test>\r\nDATA\r\n" + std::string(2000, 'x') + "\r\n.\r\nNOOP\r\n", 100);
  EXPECT_EQ(codes(t.replies), (std::vector<std::string>{"220", "250", "250", "250", "354", "552", "250"}));
  std::string many = hello + "MAIL FROM:<x@e.test>\r\n";
  for (int i = 0; i < 4; i++) many += "RCPT TO:<" + std::to_string(i) + "@ours.test>\r\n";
  EXPECT_EQ(codes(play(many, 9999).replies).back(), "452");
  EXPECT_EQ(codes(play(std::string(5000, 'x') + "\r\n" + hello, 100).replies), (std::vector<std::string>{"220", "500", "250"}));
  std::string bad;
  for (int i = 0; i < 30; i++) bad += "FOO\r\n";
  EXPECT_EQ(codes(play(bad, 9999).replies).back(), "421");
}

TEST(SmtpServer, AuthOpensTheRelay) {
  std::string plain = base64_encode(std::string("\0ann\0pw", 7)), wrong = base64_encode(std::string("\0ann\0no", 7));
  std::string relay = "MAIL FROM:<a@ours.test>\r\nRCPT TO:<z@else.test>\r\n";
  EXPECT_EQ(codes(play(hello + "AUTH PLAIN " + plain + "\r\n" + relay, 5, options(Kind::submission)).replies),
            (std::vector<std::string>{"220", "250", "235", "250", "250"}));
  EXPECT_EQ(codes(play(hello + "AUTH PLAIN " + wrong + "\r\n" + relay, 5, options(Kind::submission)).replies),
            (std::vector<std::string>{"220", "250", "535", "530", "503"}));
  EXPECT_EQ(codes(play(hello + "AUTH LOGIN\r\n" + base64_encode("ann") + "\r\n" + base64_encode("pw") + "\r\n", 1).replies),
            (std::vector<std::string>{"220", "250", "334", "334", "235"}));
  auto clear = options(Kind::submission);
  clear.may_auth_in_clear = false;
  EXPECT_EQ(codes(play(hello + "AUTH PLAIN " + plain + "\r\n", 99, clear).replies).back(), "538");
}

TEST(SmtpServer, StarttlsForgetsWhatWasBefore) {
  Server s(options());
  s.feed("EHLO before.test\r\nMAIL FROM:<x@e.test>\r\nSTARTTLS\r\n");
  ASSERT_EQ(s.wants(), Server::Wants::starttls);
  s.take_output();
  s.secured("TLSv1.3", "c");
  s.feed("RCPT TO:<a@ours.test>\r\nMAIL FROM:<x@e.test>\r\nEHLO after.test\r\n");
  std::string out = s.take_output();
  EXPECT_EQ(codes(out), (std::vector<std::string>{"503", "503", "250"}));
  EXPECT_EQ(out.find("STARTTLS"), std::string::npos);
}

TEST(SmtpServer, LmtpAnswersEachRecipient) {
  Talk t = play("LHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@ours.test>\r\nRCPT TO:<b@ours.test>\r\nDATA\r\nx\r\n.\r\n", 11, options(Kind::lmtp));
  EXPECT_EQ(codes(t.replies), (std::vector<std::string>{"220", "250", "250", "250", "250", "354", "250", "250"}));
}

TEST(SmtpServer, BdatCarriesBytesAsTheyAre) {
  std::string c = hello + "MAIL FROM:<x@e.test>\r\nRCPT TO:<a@ours.test>\r\nBDAT 7\r\na: b\r\n\rBDAT 5 LAST\r\n\n.\r\n!NOOP\r\n";
  for (std::size_t piece : {std::size_t{1}, std::size_t{6}, c.size()}) {
    Talk t = play(c, piece);
    EXPECT_EQ(codes(t.replies), (std::vector<std::string>{"220", "250", "250", "250", "250", "250", "250"})) << piece;
    EXPECT_EQ(t.messages, "a: b\r\n\r\n.\r\n!");
  }
}

// What is bare is the same whether it came by DATA or by BDAT: every text of up to seven CR, LF and x.
TEST(SmtpData, LineFaultsAreThoseOfDataReader) {
  for (int length = 0; length <= 7; length++) {
    int count = 1;
    for (int i = 0; i < length; i++) count *= 3;
    for (int n = 0; n < count; n++) {
      std::string text;
      for (int i = 0, rest = n; i < length; i++, rest /= 3) text += "\r\nx"[rest % 3];
      DataReader reader(1000);
      reader.feed(text + "\r\n.\r\n");
      ASSERT_TRUE(reader.is_done());
      EXPECT_EQ(line_faults(text).bare, reader.has_bare()) << escape(text);
    }
  }
  std::string longest(DataReader::max_line, 'x');
  EXPECT_FALSE(line_faults(longest + "\r\n" + longest + "\r\n" + longest).too_long);
  EXPECT_TRUE(line_faults("\r\n" + longest + "x\r\n").too_long);
}

TEST(SmtpAddress, Paths) {
  auto path = [](std::string_view s) { auto p = take_path(s); return p ? p->address : std::string("none"); };
  EXPECT_EQ(path("<a@b.test>"), "a@b.test");
  EXPECT_EQ(path("<>"), "");
  EXPECT_EQ(path("<@one.test,@two.test:a@b.test>"), "a@b.test");
  EXPECT_EQ(path("<\"a b\\\"@x\"@b.test>"), "\"a b\\\"@x\"@b.test");
  EXPECT_EQ(path("<a@[192.0.2.1]>"), "a@[192.0.2.1]");
  EXPECT_EQ(path("<a@[IPv6:2001:db8::1]>"), "a@[IPv6:2001:db8::1]");
  EXPECT_EQ(path("<Postmaster>"), "Postmaster");
  EXPECT_EQ(path("<用户@例子.测试>"), "用户@例子.测试");
  for (const char* bad : {"a@b.test", "<a@b.test", "<a>", "<a@>", "<@b.test>", "<a b@c.test>", "<a@b..test>", "<a@[300.1.1.1]>", "<a@b\r.test>", "<\xff@b.test>"})
    EXPECT_EQ(path(bad), "none") << escape(bad);
  EXPECT_EQ(path("<" + std::string(65, 'a') + "@b.test>"), "none");
}

TEST(SmtpFuzz, OurOwnInputs) {
  for (std::string in : {hello + "MAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n.\r\n", std::string("BDAT 99999999999999999999 LAST\r\n"),
                         std::string("AUTH PLAIN =\r\n"), std::string(100'000, '\r'), std::string("EHLO \0x\r\n", 9), std::string(20'000, 'x')})
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(in.data()), in.size()), 0);
}

}  // namespace jd::smtp

#include "t/fuzz/smtp.cc"
