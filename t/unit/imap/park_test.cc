// SPDX-License-Identifier: MIT
#include "lib/imap/park.h"

#include <gtest/gtest.h>

#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

using store::Scratch;

struct Client {
  explicit Client(store::Account& a) : account(a), session(std::make_unique<Session>(a, SessionOptions{}, [this](std::string_view b) { return said += b, true; })) {
    session->start();
  }
  std::string says(std::string_view line) {
    said.clear();
    session->feed(line);
    return said;
  }
  // Parked, and taken up by another process, which has the account open anew; false: it stays.
  bool moves_to(store::Account& other) {
    auto text = session->park(from_seconds(5));
    if (!text) return false;
    said.clear();
    session = std::make_unique<Session>(other, SessionOptions{}, [this](std::string_view b) { return said += b, true; });
    auto r = session->restore(*text);
    EXPECT_TRUE(r) << r.error().what;
    EXPECT_EQ(r->seconds(), 5);
    return true;
  }
  store::Account& account;
  std::string said;
  std::unique_ptr<Session> session;
};

void fill(store::Account& a, int n) {
  for (int i = 0; i < n; i++) store::add(a, store::mail("m"));
}

// RFC 9738: what it was told when it came holds, whatever the configuration says by now.
TEST(ImapPark, KeepsTheMessageLimit) {
  Scratch d;
  auto one = d.open(), two = d.open();
  fill(*one, 3);
  std::string said;
  auto write = [&](std::string_view b) { return said += b, true; };
  SessionOptions with, without;
  with.message_limit = 2;
  Session before(*one, with, write), after(*two, without, write), unlimited(*one, without, write), changed(*two, with, write);
  before.feed("a SELECT INBOX\r\n");
  ASSERT_TRUE(after.restore(before.park({}).value_or("")));
  said.clear();
  after.feed("b FETCH 1:* UID\r\n");
  EXPECT_NE(said.find("b OK [MESSAGELIMIT 2 2]"), said.npos) << said;
  unlimited.feed("a SELECT INBOX\r\n");
  ASSERT_TRUE(changed.restore(unlimited.park({}).value_or("")));
  said.clear();
  changed.feed("b FETCH 1:* UID\r\n");
  EXPECT_NE(said.find("b OK FETCH done"), said.npos) << said;
}

TEST(ImapPark, KeepsTheNumbersThoughOthersExpungeAndDeliver) {
  Scratch d;
  auto one = d.open(), two = d.open(), three = d.open();
  fill(*two, 5);
  Client c(*one), other(*two);
  c.says("a SELECT INBOX\r\n");
  other.says("a SELECT INBOX\r\nb STORE 2,4 +FLAGS (\\Deleted)\r\n");
  c.says("b NOOP\r\n");
  other.says("c EXPUNGE\r\n");
  fill(*two, 1);
  other.says("d STORE 1 +FLAGS (\\Flagged)\r\n");
  ASSERT_TRUE(c.moves_to(*three));
  EXPECT_EQ(c.session->view()->size(), 5u);
  // FETCH may not tell of the expunge (RFC 3501 §7.4.1), NOOP may.
  std::string said = c.says("c FETCH 5 UID\r\n");
  EXPECT_NE(said.find("* 5 FETCH (UID 5)"), said.npos) << said;
  EXPECT_EQ(said.find("EXPUNGE"), said.npos) << said;
  said = c.says("d NOOP\r\n");
  EXPECT_NE(said.find("* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n"), said.npos) << said;
  said += c.says("e FETCH 1:* UID\r\n");
  EXPECT_NE(said.find("* 4 FETCH (UID 6)"), said.npos) << said;
}

TEST(ImapPark, GoesOnIdlingAndTellsWhatChanged) {
  Scratch d;
  auto one = d.open(), two = d.open(), three = d.open();
  fill(*two, 2);
  Client c(*one), other(*two);
  c.says("a EXAMINE INBOX\r\nsome.tag IDLE\r\n");
  ASSERT_TRUE(c.moves_to(*three));
  EXPECT_TRUE(c.session->is_idling());
  EXPECT_EQ(c.said, "");
  other.says("a SELECT INBOX\r\nb STORE 2 +FLAGS (\\Deleted)\r\n");
  c.session->notify();
  EXPECT_EQ(c.said, "* 2 FETCH (FLAGS (\\Deleted \\Recent))\r\n");
  ASSERT_TRUE(c.moves_to(*one));
  other.says("c EXPUNGE\r\n");
  c.session->notify();
  EXPECT_EQ(c.said, "* 2 EXPUNGE\r\n");
  EXPECT_TRUE(c.session->view()->is_read_only());
  EXPECT_EQ(c.says("DONE\r\n"), "some.tag OK IDLE ended\r\n");
}

TEST(ImapPark, StaysInTheMiddleOfACommandAndKeepsExpungesUntold) {
  Scratch d;
  auto one = d.open(), two = d.open();
  fill(*two, 2);
  Client c(*one), other(*two);
  c.says("a SELECT INBOX\r\nb NO");
  EXPECT_FALSE(c.session->park({}));
  c.says("OP\r\nc APPEND INBOX {10}\r\n");
  EXPECT_FALSE(c.session->park({}));
  c.says("0123456789\r\n");
  EXPECT_TRUE(c.session->park({}));
  other.says("a SELECT INBOX\r\nb STORE 1 +FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
  c.says("d FETCH 2 UID\r\n");  // may not tell
  auto three = d.open();
  ASSERT_TRUE(c.moves_to(*three));
  EXPECT_NE(c.says("e FETCH 2 UID\r\n").find("* 2 FETCH (UID 2)"), std::string::npos) << c.said;
  EXPECT_NE(c.says("f NOOP\r\n").find("* 1 EXPUNGE\r\n"), std::string::npos) << c.said;
}

TEST(ImapPark, StaysWhenItIsCompressed) {
  Scratch d;
  auto one = d.open();
  Client c(*one);
  EXPECT_TRUE(c.session->park({}));
  EXPECT_NE(c.says("a COMPRESS DEFLATE\r\n").find("a OK"), std::string::npos) << c.said;
  EXPECT_FALSE(c.session->park({}));
}

TEST(ImapPark, EndsWhenTheNumbersCannotBeTold) {
  for (bool is_renumbered : {true, false}) {
    Scratch d;
    auto one = d.open(), two = d.open();
    Client c(*one);
    if (!is_renumbered) fill(*two, 3);
    c.says("a SELECT INBOX\r\n");
    auto text = c.session->park({});
    ASSERT_TRUE(text);
    if (is_renumbered) ASSERT_TRUE(two->renumber(**two->folder(store::inbox_id), 7));
    else text->replace(text->find(" 3 3 "), 5, " 3 4 ");  // the last UID, and how many
    Session again(*two, SessionOptions{}, [](std::string_view) { return true; });
    EXPECT_FALSE(again.restore(*text));
  }
}

TEST(ImapPark, RefusesWhatIsNoSession) {
  Scratch d;
  auto one = d.open();
  for (const char* text : {"", "version=2 idling=1", "version=1 view=99 0 1 1 1 1 1 0 - -", "version=1 view=1", "version=1 view=x y z"}) {
    Session s(*one, SessionOptions{}, [](std::string_view) { return true; });
    EXPECT_FALSE(s.restore(text)) << text;
  }
}

TEST(ImapPark, KeepsWhatNotifyAsksOfTheSelectedMailbox) {
  Scratch d;
  auto one = d.open(), two = d.open(), three = d.open();
  fill(*two, 1);
  Client c(*one);
  c.says("a SELECT INBOX\r\nb NOTIFY SET (SELECTED-DELAYED (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge))\r\n");
  EXPECT_TRUE(c.session->is_listening());
  ASSERT_TRUE(c.moves_to(*three));
  EXPECT_TRUE(c.session->is_listening());
  fill(*two, 1);
  c.said.clear();
  c.session->notify();
  EXPECT_NE(c.said.find("* 2 FETCH (UID 2 BODY[HEADER.FIELDS (Subject)] {"), c.said.npos) << c.said;
  Client other(*two);
  other.says("a SELECT INBOX\r\nb STORE 1 +FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
  c.said.clear();
  c.session->notify();
  EXPECT_EQ(c.said, "");  // delayed, and flags are not wanted
  EXPECT_EQ(c.says("c NOOP\r\n"), "* 1 EXPUNGE\r\nc OK NOOP done\r\n");
  // NOTIFY NONE is kept, too.
  c.says("d NOTIFY NONE\r\n");
  auto four = d.open();
  ASSERT_TRUE(c.moves_to(*four));
  fill(*two, 1);
  EXPECT_EQ(c.says("e NOOP\r\n"), "e OK NOOP done\r\n");
}

TEST(ImapPark, StaysWhileOtherMailboxesAreWatchedOrSearchesKept) {
  Scratch d;
  auto one = d.open(), two = d.open();
  Client c(*one);
  c.says("a SELECT INBOX\r\nb NOTIFY SET (PERSONAL (MessageNew MessageExpunge))\r\n");
  EXPECT_FALSE(c.moves_to(*two));
  c.says("c NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\nd SEARCH RETURN (UPDATE) ALL\r\n");
  EXPECT_FALSE(c.moves_to(*two));
  c.says("e CANCELUPDATE \"d\"\r\n");
  EXPECT_TRUE(c.moves_to(*two));
}

TEST(ImapPark, KeepsAShortResultOfASearch) {
  Scratch d;
  auto one = d.open(), two = d.open(), three = d.open();
  fill(*two, 300);
  Client c(*one);
  c.says("a SELECT INBOX\r\nb SEARCH RETURN (SAVE) 2:3,7\r\n");
  ASSERT_TRUE(c.moves_to(*three));
  EXPECT_EQ(c.says("c SEARCH $\r\n"), "* SEARCH 2 3 7\r\nc OK SEARCH done\r\n");
  std::string odd = "1";
  for (int i = 3; i < 300; i += 2) odd += "," + std::to_string(i);
  c.says("d SEARCH RETURN (SAVE) " + odd + "\r\n");
  EXPECT_FALSE(c.moves_to(*two));
}

}  // namespace
}  // namespace jd::imap
