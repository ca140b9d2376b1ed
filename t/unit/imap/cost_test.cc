// SPDX-License-Identifier: MIT
// What hostile commands may cost an IMAP session (t/unit/cost.h).  One command is bounded; within the
// bounds its cost must grow with its bytes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "lib/imap/mailbox_name.h"
#include "lib/imap/session.h"
#include "t/unit/cost.h"
#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

TEST(ImapCost, CommandsOfAnyShape) {
  store::Scratch d;
  auto account = d.open();
  store::add(*account, "Subject: x\r\nTo: a@b.c\r\n\r\nbody\r\n");
  std::string logged;
  log::capture(&logged);
  SessionOptions options;
  options.max_bad = 1'000'000;
  Session s(*account, options, [](std::string_view) { return true; });
  s.start();
  s.feed("a SELECT INBOX\r\n");
  auto command = [&](std::string_view head, std::string_view unit, std::string_view tail) {
    auto make = [&](std::size_t bytes) {  // 7 KB and 56 KB: below the limit of a command
      return fmt::format("a {}{}{}\r\n", head, cost::repeat(unit, bytes * 7 / 16), tail);
    };
    cost::expect_linear_in(fmt::format("{}{}", head, unit), [&](const std::string& c) { s.feed(c); }, make);
    logged.clear();
  };
  command("SEARCH ", "NOT ", "SEEN");
  command("SEARCH ", "OR SEEN ", "SEEN");
  command("SEARCH ", "SEEN ", "SEEN");
  command("SEARCH ", "(", "");
  command("SEARCH ", "SUBJECT xy ", "SEEN");
  command("SEARCH ", "1,", "1");
  command("SEARCH ", "FUZZY ", "SEEN");
  command("SEARCH ", "$ ", "SEEN");
  command("SEARCH RETURN (", "COUNT ", "MIN) SEEN");
  command("SORT (", "DATE ", "SUBJECT) UTF-8 ALL");
  command("THREAD REFS UTF-8 ", "SUBJECT x ", "ALL");
  command("FETCH ", "1,", "1 FLAGS");
  command("FETCH ", "1:*,", "1 FLAGS");
  command("FETCH 1 (", "FLAGS ", "UID)");
  command("FETCH 1 (", "BODY.PEEK[TEXT] ", "UID)");
  command("FETCH 1 BODY.PEEK[HEADER.FIELDS (", "a ", "b)]");
  command("FETCH 1 BODY.PEEK[", "1.", "1]");
  command("LIST \"\" ", "%*", "");
  command("LIST \"\" ", "*a", "");
  command("STORE 1 +FLAGS (", "\\Seen ", "\\Deleted)");
  command("STORE 1 +FLAGS (", "x ", "y)");
  command("CREATE ", "a/", "");
  command("CREATE ", "&AA-", "");
  command("STATUS INBOX (", "MESSAGES ", "UNSEEN)");
  command("", "x", "");
  command("NOOP", " ", "");
  command("LOGIN \"", "\\\"", "\" x");
  log::capture(nullptr);
}

TEST(ImapCost, FloodsOfSmallCommands) {
  store::Scratch d;
  auto account = d.open();
  std::string logged;
  log::capture(&logged);
  for (std::string_view unit : {"a NOOP\r\n", "\r\n", "a IDLE\r\nDONE\r\n", "a X {1+}\r\nx\r\n", "a LIST \"\" *\r\n", "a b"})
    for (std::size_t piece : {std::size_t{1}, std::size_t{1} << 20}) {
      auto work = [&](const std::string& bytes) {
        SessionOptions options;
        options.max_bad = 1'000'000;
        Session s(*account, options, [](std::string_view) { return true; });
        s.start();
        for (std::size_t i = 0; i < bytes.size(); i += piece) s.feed(std::string_view(bytes).substr(i, piece));
        logged.clear();
      };
      cost::expect_linear("flood", work, "", unit);
    }
  log::capture(nullptr);
}

// Patterns against one long name: the product of their lengths is the bound.
TEST(ImapCost, PatternsOfLIST) {
  std::string name = cost::repeat("a", 200);
  for (std::string_view unit : {"%", "*", "%*", "*a", "%a", "a%", "*a%a"})
    cost::expect_linear("pattern", [&](const std::string& p) { (void)matches(p, name); }, "", unit);
}

}  // namespace
}  // namespace jd::imap
