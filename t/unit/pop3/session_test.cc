// SPDX-License-Identifier: MIT
#include "lib/pop3/session.h"

#include "lib/base/log.h"
#include "t/unit/store/scratch.h"

#include "t/fuzz/pop3.cc"

namespace jd::pop3 {
namespace {

using store::Scratch;

const std::string conversation =
    "STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 2 1\r\nDELE 1\r\nRETR 1\r\nxyzzy\r\nNOOP\n" + std::string(2000, 'x') +
    "\r\nCAPA\r\nQUIT\r\nSTAT\r\n";

std::string play(std::string_view bytes, std::size_t piece, std::size_t first = 0) {
  Scratch d;
  auto account = d.open();
  store::add(*account, "Subject: dots\r\n\r\n.\r\n..a\r\nlast line has no end");
  store::add(*account, store::mail("two"));
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  if (first) s.feed(bytes.substr(0, first));
  for (std::size_t i = first; i < bytes.size(); i += piece) s.feed(bytes.substr(i, piece));
  auto inbox = account->folder(store::inbox_id);
  return said + std::to_string((*inbox)->state().entries().size());
}

TEST(Pop3Session, SaysTheSameHoweverTheBytesCome) {
  ManualClock clock;
  set_clock(&clock);
  std::string whole = play(conversation, conversation.size());
  EXPECT_NE(whole.find("\r\n..\r\n...a\r\nlast line has no end\r\n.\r\n"), std::string::npos) << whole;
  EXPECT_TRUE(whole.ends_with("+OK see you\r\n1")) << whole;
  EXPECT_EQ(play(conversation, 1), whole);
  for (std::size_t at = 1; at < conversation.size(); at += 7) EXPECT_EQ(play(conversation, 1 << 20, at), whole) << at;
  set_clock(nullptr);
}

// RFC 1939 §6: the connection broke; nothing is deleted.
TEST(Pop3Session, DeletesNothingWithoutQuit) {
  EXPECT_TRUE(play("DELE 1\r\nDELE 2\r\n", 100).ends_with("2"));
  EXPECT_TRUE(play("DELE 1\r\nDELE 2\r\nQUIT\r\n", 100).ends_with("0"));
}

TEST(Pop3Session, NamesMessagesAsTheServerBeforeDid) {
  Scratch d;
  auto account = d.open();
  auto inbox = account->folder(store::inbox_id);
  ASSERT_TRUE(inbox && account->renumber(**inbox, 1234567890));
  store::add(*account, store::mail("one"));
  std::string said;
  SessionOptions o;
  o.uidl = "%08Xu%08Xv";
  Session s(*account, o, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("UIDL 1\r\nUIDL\r\n");
  EXPECT_NE(said.find("+OK 1 00000001499602d2\r\n"), std::string::npos) << said;
  EXPECT_NE(said.find("\r\n1 00000001499602d2\r\n.\r\n"), std::string::npos) << said;
}

TEST(Pop3Session, MarksWhatRetrHasReadAsSeen) {
  for (bool quits : {true, false}) {
    Scratch d;
    auto account = d.open();
    for (int i = 0; i < 3; i++) store::add(*account, store::mail("m"));
    auto inbox = account->folder(store::inbox_id);
    ASSERT_TRUE(inbox);
    Session s(*account, {}, [](std::string_view) { return true; });
    s.start();
    s.feed("TOP 1 0\r\nRETR 2\r\nRETR 3\r\nRETR 3\r\n");
    EXPECT_EQ((*inbox)->state().unseen(), 3u);
    if (quits) s.feed("DELE 3\r\nQUIT\r\n");
    else s.note_read();
    EXPECT_FALSE((*inbox)->state().find(1)->flags & store::seen);
    EXPECT_TRUE((*inbox)->state().find(2)->flags & store::seen);
    uint64_t before = (*inbox)->state().mod_seq();
    s.note_read();  // nothing new: nothing is written
    EXPECT_EQ((*inbox)->state().mod_seq(), before);
  }
}

TEST(Pop3Session, DeletesNothingOfAnotherNumbering) {
  Scratch d;
  auto account = d.open(), importer = d.open();
  store::add(*account, store::mail("old"));
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("DELE 1\r\n");
  auto inbox = importer->folder(store::inbox_id);
  ASSERT_TRUE(inbox && (*inbox)->expunge(store::uids({1})) && importer->renumber(**inbox, 7));
  EXPECT_EQ(store::add(*importer, store::mail("imported")), 1u);
  s.feed("QUIT\r\n");
  ASSERT_TRUE((*inbox)->refresh());
  EXPECT_EQ((*inbox)->state().entries().size(), 1u);
}

TEST(Pop3Fuzz, TakesSmallInputs) {
  for (const std::string& s : {conversation, std::string("RETR 1\r\nTOP 1 0\r\nLIST 1\r\n"), std::string("TOP 1 99999999999\r\n \r\n\xFF")})
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}

}  // namespace
}  // namespace jd::pop3
