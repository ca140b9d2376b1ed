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

// Names that were imported; of the others none may be the same.
TEST(Pop3Session, NamesImportedMessagesAsTheyWere) {
  Scratch d;
  auto account = d.open();
  for (int i = 0; i < 4; i++) store::add(*account, store::mail("m"));
  auto inbox = account->folder(store::inbox_id);
  uint32_t validity = (*inbox)->state().uid_validity();
  std::string second = fmt::format("{}.2", validity), said;
  store::Uidls names(validity);
  ASSERT_TRUE(names.add(1, "GmailId1") && names.add(4, second) && names.add(9, "+" + second));
  ASSERT_TRUE(store::write_uidls(account->dir(), names));
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("UIDL 1\r\nUIDL 2\r\nDELE 3\r\nUIDL\r\n");
  EXPECT_EQ(said, fmt::format("+OK 1 GmailId1\r\n+OK 2 ++{0}\r\n+OK will be deleted at QUIT\r\n+OK numbers and names\r\n1 GmailId1\r\n2 ++{0}\r\n4 {0}\r\n.\r\n", second));
  // Damaged: no names at all rather than others.
  ASSERT_TRUE(file::write_durable(account->dir(), "uidl", "JDUIDL1"));
  said.clear();
  Session t(*account, {}, [&](std::string_view b) { return said += b, true; });
  t.start();
  std::string logged;
  log::capture(&logged);
  t.feed("UIDL\r\nUIDL 1\r\nRETR 1\r\n");
  log::capture(nullptr);
  EXPECT_TRUE(said.starts_with("-ERR [SYS/PERM] the names of the messages cannot be read\r\n-ERR [SYS/PERM] the names of the messages cannot be read\r\n+OK ")) << said;
  EXPECT_NE(logged.find("pop3_uidl_unreadable"), std::string::npos);
}

// RFC 2449 §8.1.2; the lock is the process's: kill -9 opens it (t/system/pop3.sh).
TEST(Pop3Session, IsAloneWhereItIsToBe) {
  Scratch d;
  auto account = d.open(), second = d.open();
  std::string said;
  SessionOptions o;
  o.is_exclusive = true;
  o.greeting = "+OK\r\n";
  {
    Session first(*account, o, [](std::string_view) { return true; });
    first.start();
    Session other(*second, o, [&](std::string_view b) { return said += b, true; });
    std::string logged;
    log::capture(&logged);
    other.start();
    log::capture(nullptr);
    EXPECT_TRUE(other.is_over());
    EXPECT_EQ(said, "-ERR [IN-USE] another POP3 session has this mailbox\r\n");
    EXPECT_NE(logged.find("pop3_mailbox_in_use"), std::string::npos);
  }
  said.clear();
  Session third(*second, o, [&](std::string_view b) { return said += b, true; });
  third.start();
  EXPECT_EQ(said, "+OK\r\n");
}

// What LIST, STAT and RETR's first line say is what RETR sends, whatever the message and the client.
TEST(Pop3Session, CountsWhatItSends) {
  Scratch d;
  auto account = d.open();
  for (std::string m : {"", "\n", "\r", "\r\n", ".", ".\n.\r\n..\r\r\n", "Subject: \xE4\xBD\xA0\n\n.\r", "Subject: \xC4\xE3\r\n\r\n.", "From: \xE4\xBD\xA0@x\nA: b", "A: b\r\n\r\nx"})
    if (!m.empty()) store::add(*account, m);
  for (bool is_utf8 : {false, true}) {
    std::string said;
    SessionOptions o;
    o.manner.is_utf8 = is_utf8;
    Session s(*account, o, [&](std::string_view b) { return said += b, true; });
    s.start();
    uint64_t all = 0;
    for (int n = 1; n <= 9; n++) {
      said.clear();
      s.feed(fmt::format("LIST {0}\r\nRETR {0}\r\n", n));
      auto list_end = said.find("\r\n"), begin = said.find("\r\n", list_end + 2) + 2;
      std::string_view sent = std::string_view(said).substr(begin);
      ASSERT_TRUE(sent.ends_with(".\r\n"));
      sent.remove_suffix(3);
      uint64_t count = sent.size(), first_dot = sent.starts_with('.');
      for (auto at = sent.find("\r\n."); at != sent.npos; at = sent.find("\r\n.", at + 1)) count--;
      count -= first_dot;
      EXPECT_EQ(said.substr(0, begin - 2), fmt::format("+OK {} {}\r\n+OK {} octets", n, count, count));
      all += count;
    }
    said.clear();
    s.feed("STAT\r\n");
    EXPECT_EQ(said, fmt::format("+OK 9 {}\r\n", all));
  }
}

// Mail of earlier releases has no marks: what RETR sends is right all the same.
TEST(Pop3Session, SendsWhatItKnowsNothingAbout) {
  Scratch d;
  auto account = d.open();
  store::add(*account, "Subject: \xE4\xBD\xA0\n\nx");
  auto inbox = account->folder(store::inbox_id);
  const store::Entry& e = (*inbox)->state().entries()[0];
  EXPECT_EQ(e.marks, store::mark_known | store::mark_wide_header | store::mark_odd_lines);
  const_cast<store::Entry&>(e).marks = 0;
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("RETR 1\r\n");
  EXPECT_EQ(said, "+OK 32 octets\r\nSubject: =?utf-8?B?5L2g?=\r\n\r\nx\r\n.\r\n");
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
