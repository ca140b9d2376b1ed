// SPDX-License-Identifier: MIT
#include "lib/imap/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "lib/base/log.h"
#include "t/unit/store/scratch.h"

#include "t/fuzz/imap.cc"

namespace jd::imap {
namespace {

using store::Scratch;

const std::string conversation =
    "a APPEND INBOX (\\Flagged x) \"17-Jul-1996 02:44:25 -0700\" {50+}\r\n"
    "From: ann@example.test\r\nSubject: hi\r\n\r\nhello you\r\n"
    "\r\nb SELECT INBOX\r\nc FETCH 1 (FULL)\r\nd FETCH 1 FULL\r\ne FETCH 1:* BODY[]\r\n"
    "f UID SEARCH SUBJECT {2}\r\nhi OR SEEN DELETED\r\nf2 SEARCH RETURN (SAVE MIN PARTIAL -1:-2) MODSEQ 1 YOUNGER 5\r\n"
    "f3 SORT RETURN (ALL) (REVERSE SUBJECT) UTF-8 $\r\nf4 UID THREAD REFS UTF-8 FUZZY ALL\r\ng STORE 1 -FLAGS (x)\r\nh IDLE\r\nDONE\r\n"
    "i CREATE {3+}\r\nnew\r\nj MOVE 1 new\r\nk LIST \"\" * RETURN (STATUS (MESSAGES))\r\nl LOGOUT\r\nm NOOP\r\n";

std::string play(std::string_view bytes, std::size_t piece, std::size_t first = 0) {
  Scratch d;
  auto account = d.open();
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  if (first) s.feed(bytes.substr(0, first));
  for (std::size_t i = first; i < bytes.size(); i += piece) s.feed(bytes.substr(i, piece));
  return said;
}

TEST(ImapSession, SaysTheSameHoweverTheBytesCome) {
  ManualClock clock;
  set_clock(&clock);
  std::string whole = play(conversation, conversation.size());
  EXPECT_NE(whole.find("l OK logged out"), std::string::npos) << whole;
  EXPECT_EQ(whole.find("m OK"), std::string::npos);
  EXPECT_EQ(play(conversation, 1), whole);
  for (std::size_t at = 1; at < conversation.size(); at += 3) EXPECT_EQ(play(conversation, 1 << 20, at), whole) << at;
  set_clock(nullptr);
}

TEST(ImapSession, EndsWhenTheMailboxIsRenumbered) {
  for (bool idles : {false, true}) {
    Scratch d;
    auto account = d.open(), importer = d.open();
    std::string said;
    Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
    s.start();
    s.feed(idles ? "a SELECT INBOX\r\nb IDLE\r\n" : "a SELECT INBOX\r\n");
    auto inbox = importer->folder(store::inbox_id);
    ASSERT_TRUE(inbox && importer->renumber(**inbox, 7));
    store::add(*importer, store::mail("imported"));
    if (idles) s.notify();
    else s.feed("b NOOP\r\n");
    EXPECT_NE(said.find("* BYE mail was imported"), std::string::npos) << said;
    EXPECT_EQ(said.find("1 EXISTS"), std::string::npos) << said;
    EXPECT_TRUE(s.is_over());
  }
}

TEST(ImapSession, SendsNoNulOfOldMail) {
  Scratch d;
  auto account = d.open();
  store::add(*account, std::string("Subject: a\0b\r\nContent-Type: text/plain; name=\"c\0d\"\r\n\r\ne\0f\r\n", 59));
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.start();
  s.feed("a SELECT INBOX\r\nb FETCH 1 (ENVELOPE BODYSTRUCTURE BODY RFC822.SIZE BODY[] BODY[TEXT] BODY[HEADER.FIELDS (SUBJECT)] BINARY[1] PREVIEW)\r\n"
         "c SEARCH TEXT e\r\nd SORT (SUBJECT) UTF-8 ALL\r\n");
  EXPECT_EQ(said.find('\0'), std::string::npos);
  EXPECT_NE(said.find("RFC822.SIZE 59 BODY[] {59}\r\nSubject: a\x80" "b\r\n"), std::string::npos) << said;
  EXPECT_NE(said.find("b OK"), std::string::npos) << said;
}

TEST(ImapSession, ShowsTheOtherMessagesWhenOneIsDamaged) {
  Scratch d;
  {
    auto account = d.open();
    for (int i = 0; i < 3; ++i) store::add(*account, store::mail("m" + std::to_string(i), 5000));
  }
  std::string segment = d.account() + "/seg/00000001.seg";
  auto bytes = file::read_all(segment);
  ASSERT_TRUE(bytes);
  auto at = bytes->find(std::string(2000, 'x'), bytes->find("Subject: m1"));
  ASSERT_NE(at, std::string::npos);
  int fd = ::open(segment.c_str(), O_WRONLY);
  ASSERT_EQ(::pwrite(fd, "y", 1, static_cast<off_t>(at + 100)), 1);
  ::close(fd);
  std::string logged, said;
  log::capture(&logged);
  auto account = d.open();
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.feed("a SELECT INBOX\r\n");
  said.clear();
  s.feed("b FETCH 1:3 (UID BODY.PEEK[HEADER.FIELDS (Subject)])\r\nc FETCH 3 RFC822.SIZE\r\n");
  log::capture(nullptr);
  EXPECT_NE(said.find("Subject: m0"), std::string::npos) << said;
  EXPECT_EQ(said.find("Subject: m1"), std::string::npos);
  EXPECT_NE(said.find("Subject: m2"), std::string::npos);
  EXPECT_NE(said.find("b NO [SERVERBUG] 1 of the messages cannot be read"), std::string::npos);
  EXPECT_NE(said.find("c OK"), std::string::npos);
  EXPECT_NE(logged.find("imap_message_unreadable"), std::string::npos);
}

// What is sent cannot be taken back: the line ends well, and the command says that it failed.
TEST(ImapSession, EndsAnAnswerWellOfWhichAPartWasSent) {
  Scratch d;
  auto account = d.open();
  store::add(*account, "Content-Transfer-Encoding: x-unknown\r\n\r\n" + std::string(1'500'000, 'x') + "\r\n");
  store::add(*account, store::mail("next"));
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.feed("a SELECT INBOX\r\n");
  said.clear();
  s.feed("b FETCH 1:2 (BODY.PEEK[] BINARY.PEEK[1] UID)\r\n");
  EXPECT_NE(said.find("xx\r\n BINARY[1] NIL UID 1)\r\n* 2 FETCH (BODY[] {"), std::string::npos) << said.substr(said.size() - 400);
  EXPECT_NE(said.find(" UID 2)\r\nb NO [UNKNOWN-CTE]"), std::string::npos) << said.substr(said.size() - 400);
}

TEST(ImapSession, EndsWhenTheClientIsGone) {
  Scratch d;
  auto account = d.open();
  Session s(*account, {}, [](std::string_view) { return false; });
  s.feed("a NOOP\r\nb NOOP\r\n");
  EXPECT_TRUE(s.is_over());
}

// The loop with real descriptors: what another process delivers reaches an idling client by inotify.
TEST(ImapRun, TellsAnIdlingClientOfNewMail) {
  Scratch d;
  auto account = d.open();
  int to[2], from[2];
  ASSERT_EQ(::pipe(to), 0);
  ASSERT_EQ(::pipe(from), 0);
  int status = -1;
  std::thread server([&] { status = run_session(to[0], from[1], *account, {}); });
  std::string said;
  auto until = [&](std::string_view text) {
    char buffer[4096];
    while (said.find(text) == std::string::npos) {
      ssize_t n = ::read(from[0], buffer, sizeof buffer);
      if (n <= 0) return false;
      said.append(buffer, static_cast<std::size_t>(n));
    }
    return true;
  };
  auto say = [&](std::string_view text) { return ::write(to[1], text.data(), text.size()) > 0; };
  ASSERT_TRUE(say("a SELECT INBOX\r\nb IDLE\r\n"));
  ASSERT_TRUE(until("+ idling"));
  {
    auto other = d.open();
    store::add(*other, store::mail("new"));
  }
  EXPECT_TRUE(until("* 1 EXISTS"));
  ASSERT_TRUE(say("DONE\r\nc LOGOUT\r\n"));
  EXPECT_TRUE(until("c OK"));
  server.join();
  EXPECT_EQ(status, 0);
  for (int fd : {to[0], to[1], from[0], from[1]}) ::close(fd);
}

TEST(ImapFuzz, TakesSmallInputs) {
  std::string nul("a APPEND INBOX {3+}\r\na\0b\r\n", 26);
  for (const std::string& s : {conversation, nul, std::string("a SELECT INBOX\r\nb FETCH 1 BODY[1.HEADER]\r\nc SEARCH NOT NOT OR ALL (ALL)\r\n"),
                        std::string("&AP8-"), std::string("/a%20b;UIDVALIDITY=7/;UID=3/;SECTION=1.HEADER/;PARTIAL=1.2"),
                        std::string("a ENABLE UTF8=ACCEPT\r\nb APPEND Sent UTF8 (~{3+}\r\nabc) (\\Seen) CATENATE (URL /INBOX/;UID=1 TEXT {1+}\r\nx)\r\n"
                                    "c SELECT INBOX\r\nd FETCH 1 (BINARY[1] BINARY.SIZE[1] PREVIEW (LAZY))\r\ne REPLACE 1 INBOX {1+}\r\ny\r\n"),
                        std::string("a SETMETADATA \"\" (/shared/a ~{2+}\r\nxy /private/b NIL)\r\nb GETMETADATA (DEPTH 1) \"\" (MAXSIZE 1) (/shared/a)\r\n"
                                    "c LIST \"\" * RETURN (METADATA /shared/a)\r\nd GETQUOTAROOT INBOX\r\ne CREATE x (USE (\\Sent))\r\nf COMPRESS DEFLATE\r\nabc"),
                        std::string("a ENABLE QRESYNC UIDONLY\r\nb SELECT INBOX (QRESYNC (1700000000 1 1:3 (1 1)))\r\nc UID STORE 1 (UNCHANGEDSINCE 9) FLAGS (\\Deleted)\r\n"
                                    "d EXPUNGE\r\ne UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"), std::string("a X {5+}\r\nab"), std::string("\r\n\r\n\xFF\xFE\r\n")})
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}

}  // namespace
}  // namespace jd::imap
