// SPDX-License-Identifier: MIT
#include "lib/imap/lexer.h"

#include <gtest/gtest.h>

namespace jd::imap {
namespace {

using Got = CommandReader::Got;

// What a reader says of the bytes in pieces of that size, as text.
std::string read(std::string_view bytes, std::size_t piece, uint64_t append_limit = 200'000) {
  CommandReader r(append_limit);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    std::string_view in = bytes.substr(i, piece);
    while (!in.empty()) {
      auto got = r.feed(in);
      if (got == Got::ask) out += "ask;";
      if (got == Got::refused) out += r.refusal() + ";";
      if (got != Got::command) continue;
      Command c = r.take();
      out += c.text;
      for (auto& l : c.literals) out += "|" + l.bytes;
      out += ";";
    }
  }
  return out;
}

TEST(CommandReader, JoinsLinesAtLiterals) {
  EXPECT_EQ(read("a NOOP\r\nb NOOP\n", 100), "a NOOP;b NOOP;");
  EXPECT_EQ(read("a LOGIN {3}\r\nb}\n {2+}\r\nxy\r\nb X\r\n", 100), "ask;a LOGIN {3} {2+}|b}\n|xy;b X;");
  EXPECT_EQ(read("a X {0}\r\n\r\n", 100), "ask;a X {0}|;");
  EXPECT_EQ(read("a X {3+}\r\nabc\r\n", 100), "a X {3+}|abc;");
}

TEST(CommandReader, SaysTheSameHoweverTheBytesCome) {
  std::string big(70'000, 'x');
  for (std::string s : {std::string("a LOGIN {3}\r\nb}\n {2+}\r\nxy\r\nb X\r\n"), "a X {70000+}\r\n" + big + " {3+}\r\nabc y\r\nb NOOP\r\n",
                        "a " + big + "\r\nb NOOP\r\n", "a " + big + "{3+}\r\nabc\r\nb NOOP\r\n"}) {
    std::string whole = read(s, s.size());
    EXPECT_NE(whole.find("b "), std::string::npos);
    for (std::size_t piece : {1, 2, 3, 7, 1000, 65536, 65537}) EXPECT_EQ(read(s, piece), whole) << piece;
  }
}

TEST(CommandReader, RefusesWhatIsTooLargeAndGoesOn) {
  std::string big(70'000, 'x');
  EXPECT_EQ(read("a X {70000+}\r\n" + big + "\r\nb NOOP\r\n", 1000), "a NO [TOOBIG] literal too large;b NOOP;");
  // A client that waits for the go-ahead does not send the literal.
  EXPECT_EQ(read("a X {70000}\r\nb NOOP\r\n", 1000), "a NO [TOOBIG] literal too large;b NOOP;");
  EXPECT_EQ(read("a X " + big + "\r\nb NOOP\r\n", 1000), "a NO [TOOBIG] command line too long;b NOOP;");
  EXPECT_EQ(read("a APPEND x {200001}\r\nb NOOP\r\n", 1000), "a NO [TOOBIG] message too large;b NOOP;");
  EXPECT_EQ(read("a X {99999999999999999999999}\r\n", 1000), "a X {99999999999999999999999};");
}

TEST(Cursor, TakesWordsOffTheFront) {
  Command c{"t1 \"a\\\"b\" atom] NIL \\Seen 1:3,*,7:2 12", {}};
  Cursor at(c);
  std::string s;
  SequenceSet set;
  uint64_t n = 0;
  EXPECT_TRUE(at.tag(s) && s == "t1" && at.space());
  EXPECT_TRUE(at.astring(s) && s == "a\"b" && at.space());
  EXPECT_TRUE(at.astring(s) && s == "atom]" && at.space());
  EXPECT_TRUE(at.nstring(s) && s.empty() && at.space());
  EXPECT_TRUE(at.flag(s) && s == "\\Seen" && at.space());
  ASSERT_TRUE(at.set(set) && at.space());
  EXPECT_EQ(set, (SequenceSet{{1, 3}, {UINT32_MAX, UINT32_MAX}, {2, 7}}));
  EXPECT_TRUE(at.number(n) && n == 12 && at.is_end());
}

TEST(Cursor, RefusesWhatIsNoSet) {
  for (const char* bad : {"", "0", "1:", "1,", ":2", "4294967296", "1:0", "a"}) {
    Command c{bad, {}};
    Cursor at(c);
    SequenceSet set;
    EXPECT_FALSE(at.set(set)) << bad;
  }
  Command c{"\"a\\b\"", {}};
  Cursor at(c);
  std::string s;
  EXPECT_FALSE(at.string(s));
}

}  // namespace
}  // namespace jd::imap
