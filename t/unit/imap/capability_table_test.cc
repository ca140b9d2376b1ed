// SPDX-License-Identifier: MIT
// Every capability that a door shows, before login and after, is in the table of jdmail-rfc(7), whose
// rows name the tests that show it (make lint looks whether these are there).
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "lib/base/text.h"
#include "lib/imap/login.h"
#include "lib/imap/session.h"
#include "lib/pop3/login.h"
#include "lib/pop3/session.h"

namespace jd {
namespace {

// The words of the second column of a section's rows.
std::set<std::string> words_of_table(const std::string& section) {
  std::ifstream in("man/jdmail-rfc.7");
  EXPECT_TRUE(in) << "run me in the top directory of the source";
  std::set<std::string> out;
  bool is_here = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(".Ss ")) is_here = line == ".Ss " + section;
    auto begin = line.find(" Ta ");
    if (!is_here || !line.starts_with(".It ") || begin == line.npos) continue;
    std::string cell = line.substr(begin + 4, line.find(" Ta ", begin + 4) - begin - 4);
    std::erase(cell, '\\');
    for (char& c : cell)
      if (c == ',' || c == ':' || c == ';') c = ' ';
    for (auto w : words(cell)) out.emplace(w);
  }
  return out;
}

std::string between(const std::string& text, std::string_view from, std::string_view to) {
  auto at = text.find(from);
  EXPECT_NE(at, text.npos) << text;
  return text.substr(at + from.size(), text.find(to, at) - at - from.size());
}

TEST(CapabilityTable, HasARowForEachOfImap) {
  std::string shown = imap::offered(0) + " MESSAGELIMIT";  // with a number
  EXPECT_EQ(imap::offered(5000), imap::offered(0) + " MESSAGELIMIT=5000");
  for (int i = 0; i < 8; i++) {
    imap::Login l(i & 1, i & 2, i & 4, true);
    shown += " " + between(l.take_output(), "[CAPABILITY ", "]");
  }
  auto table = words_of_table("Reading mail: imapd");
  for (auto w : words(shown)) EXPECT_TRUE(table.contains(std::string(w))) << w << " has no row in man/jdmail-rfc.7";
  EXPECT_GT(words(shown).size(), 60u);
}

TEST(CapabilityTable, HasARowForEachOfPop3) {
  pop3::Offer offer;
  offer.login_delay = seconds(60);
  std::string shown = pop3::capabilities(offer);
  for (int i = 0; i < 8; i++) {
    pop3::Login l(i & 1, i & 2, i & 4, true, offer);
    (void)l.take_output();
    l.feed("CAPA\r\n");
    shown += between(l.take_output(), "\r\n", "\r\n.\r\n") + "\r\n";
  }
  auto table = words_of_table("Reading mail: pop3d");
  for (auto line : split(shown, '\n')) {
    auto w = words(trim(line));
    if (w.empty()) continue;
    EXPECT_TRUE(table.contains(std::string(w[0]))) << w[0] << " has no row in man/jdmail-rfc.7";
    if (w[0] != "SASL") continue;
    for (auto mechanism : w) EXPECT_TRUE(table.contains(std::string(mechanism))) << mechanism;
  }
}

}  // namespace
}  // namespace jd
