// SPDX-License-Identifier: MIT
// What hostile clients may cost the SMTP server's engine (t/unit/cost.h).
#include <gtest/gtest.h>

#include "lib/smtp/data.h"
#include "lib/base/text.h"
#include "lib/smtp/server.h"
#include "t/unit/cost.h"

namespace jd::smtp {
namespace {

// A client whose bytes come in pieces, and whose unfinished lines are shown again with each piece.
void play(const std::string& client, std::size_t piece) {
  ServerOptions o;
  o.hostname = "mx.test";
  o.max_recipients = 100'000;
  o.max_errors = UINT32_MAX;
  Server s(o);
  std::string waiting;
  for (std::size_t at = 0; at < client.size(); at += piece) {
    waiting += client.substr(at, piece);
    for (bool again = true; again;) {
      waiting.erase(0, s.feed(waiting));
      again = true;
      if (s.wants() == Server::Wants::lookup) s.recipient_is(std::nullopt);
      else if (s.wants() == Server::Wants::commit) s.take_message(), s.committed("q");
      else if (s.wants() == Server::Wants::close) return;
      else again = false;
      s.take_output();
    }
  }
}

const std::string to_data = "EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n";

TEST(SmtpCost, BodiesOfAnyShape) {
  for (std::string_view unit : {"text\r\n", ".", "..\r\n", "\r", "\n", "\r\n", "\r\n.", ".\r", "Received: x\r\n", "Received: x\r\n\t", " ", "x"})
    for (std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20})
      cost::expect_linear("body " + escape(unit) + fmt::format(" {}", piece), [&](const std::string& m) { play(m + "\r\n.\r\n", piece); }, to_data, unit);
}

TEST(SmtpCost, LineFaults) {
  for (std::string_view unit : {"\r", "\n", "\r\n", "x", "x\r\n", "\n\r"})
    cost::expect_linear("faults " + escape(unit), [](const std::string& m) { line_faults(m); }, "", unit);
}

TEST(SmtpCost, CommandsOfAnyShape) {
  const std::string hello = "EHLO c\r\n", mail = hello + "MAIL FROM:<a@b.c>\r\n";
  auto one = [](const std::string& m) { play(m, 1); };
  auto pieces = [](const std::string& m) { play(m, 1000); };
  for (std::string_view unit : {"NOOP\r\n", "RSET\r\nMAIL FROM:<a@b.c>\r\n", "x", "x\r\n", "\r\n", "AUTH PLAIN\r\n*\r\n"}) {
    cost::expect_linear("commands, byte by byte", one, hello, unit);
    cost::expect_linear("commands", pieces, hello, unit);
  }
  cost::expect_linear("recipients", pieces, mail, "RCPT TO:<a@b.c>\r\n");
  cost::expect_linear("chunks", pieces, mail + "RCPT TO:<a@b.c>\r\n", "BDAT 1\r\nx");
}

}  // namespace
}  // namespace jd::smtp
