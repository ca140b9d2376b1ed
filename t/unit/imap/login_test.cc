// SPDX-License-Identifier: MIT
// What strangers speak to, IMAP's and POP3's: whole, in every split, and with what is malformed.
#include <gtest/gtest.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/imap/session.h"

#define LLVMFuzzerTestOneInput fuzz_login
#include "t/fuzz/login.cc"
#undef LLVMFuzzerTestOneInput

namespace jd {
using login_fuzz::play;

namespace {
template <class L>
void same_in_every_split(const std::string& in, const std::string& expected) {
  for (std::size_t piece = 1; piece <= in.size(); piece++) ASSERT_EQ(play<L>(in, piece), expected) << piece;
}
}  // namespace

TEST(ImapLogin, AConversationInEverySplit) {
  std::string pw = base64_encode(std::string("\0ann\0pw", 7));
  std::string in = "a CAPABILITY\r\nb LOGIN ann \"p w\"\r\nc LOGIN {3+}\r\nann {2+}\r\npw\r\nd AUTHENTICATE PLAIN\r\n" + pw +
                   "\r\ne AUTHENTICATE PLAIN " + pw + "\r\nf AUTHENTICATE PLAIN\r\n*\r\ng SELECT INBOX\r\nh NOOP\r\ni LOGOUT\r\n";
  std::string caps = "IMAP4rev1 IMAP4rev2 SASL-IR LITERAL- ID ENABLE IDLE STARTTLS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN AUTH=OAUTHBEARER AUTH=XOAUTH2", no = " NO [AUTHENTICATIONFAILED] wrong user name or password\r\n";
  same_in_every_split<imap::Login>(in, "* OK [CAPABILITY " + caps + "] jdmail is ready\r\n* CAPABILITY " + caps + "\r\na OK done\r\nb" + no + "c" + no +
                                           "+ \r\nd" + no + "e" + no + "+ \r\nf BAD cancelled\r\ng BAD log in first\r\nh OK done\r\n* BYE good bye\r\ni OK done\r\n");
}

TEST(ImapLogin, CredentialsAreAsTyped) {
  imap::Login l(true, true, false);
  l.take_output();
  std::string in = "a LOGIN \"a\\\"b\" {4}\r\n";
  EXPECT_EQ(l.feed(in), in.size());
  EXPECT_EQ(l.take_output(), "+ go ahead\r\n");
  l.feed("p\"w \r\nb NOOP\r\n");
  ASSERT_EQ(l.wants(), imap::Login::Wants::login);
  EXPECT_EQ(l.credentials().user, "a\"b");
  EXPECT_EQ(l.credentials().password.reveal(), "p\"w ");
  EXPECT_EQ(l.succeeded(), "a OK [CAPABILITY " + imap::offered(0) + "] logged in\r\n");
}

TEST(ImapLogin, ShowsTheLimitThatTheSessionWillHave) {
  imap::Login l(true, true, false, false, 2000);
  EXPECT_EQ(l.take_output().find("MESSAGELIMIT"), std::string::npos);
  l.feed("a LOGIN ann pw\r\n");
  EXPECT_EQ(l.succeeded(), "a OK [CAPABILITY " + imap::offered(2000) + "] logged in\r\n");
}

TEST(ImapLogin, NoPasswordInClearUnlessAllowed) {
  imap::Login l(true, false, false);
  EXPECT_NE(l.take_output().find("LOGINDISABLED"), std::string::npos);
  l.feed("a LOGIN ann pw\r\nb AUTHENTICATE PLAIN\r\n");
  EXPECT_EQ(l.wants(), imap::Login::Wants::bytes);
  std::string out = l.take_output();
  EXPECT_NE(out.find("a NO [PRIVACYREQUIRED]"), std::string::npos);
  EXPECT_NE(out.find("b NO [PRIVACYREQUIRED]"), std::string::npos);
}

TEST(ImapLogin, StarttlsTakesNothingBehindIt) {
  imap::Login l(true, false, true);
  l.take_output();
  std::string in = "a STARTTLS\r\nb LOGIN evil pw\r\n";
  EXPECT_EQ(l.feed(in), 12u);
  EXPECT_EQ(l.wants(), imap::Login::Wants::starttls);
  l.secured();
  EXPECT_EQ(l.wants(), imap::Login::Wants::bytes);
}

// RFC 7888 §5: LITERAL- before login; what is larger must wait to be asked for.
TEST(ImapLogin, LargeLiteralsOfStrangersAreNotPassedOver) {
  same_in_every_split<imap::Login>("a LOGIN {4096+}\r\n" + std::string(4096, 'a') + " {2+}\r\npw\r\n",
                                   play<imap::Login>("", 1) + "a NO [AUTHENTICATIONFAILED] wrong user name or password\r\n");
  std::string bye = "* BYE [TOOBIG] a literal of more than 4096 bytes waits until it is asked for\r\n";
  same_in_every_split<imap::Login>("a LOGIN {4097+}\r\n", play<imap::Login>("", 1) + bye);
  same_in_every_split<imap::Login>("a LOGIN " + std::string(imap::max_line, 'x') + " {4097+}\r\n",
                                   play<imap::Login>("", 1) + "a NO [TOOBIG] command line too long\r\n" + bye);
  same_in_every_split<imap::Login>("a LOGIN {99999}\r\n", play<imap::Login>("", 1) + "a NO [TOOBIG] literal too large\r\n");
}

TEST(Pop3Login, AConversationInEverySplit) {
  std::string pw = base64_encode(std::string("\0ann\0pw", 7));
  std::string in = "USER ann\r\nPASS p w\r\nPASS x\r\nAUTH PLAIN " + pw + "\r\nAUTH PLAIN\r\n" + pw + "\r\nAUTH NTLM\r\nSTAT\r\nQUIT\r\n";
  std::string no = "-ERR [AUTH] wrong user name or password\r\n";
  same_in_every_split<pop3::Login>(in, "+OK jdmail is ready\r\n+OK and the password?\r\n" + no + "-ERR USER first\r\n" + no + "+ \r\n" + no +
                                           "-ERR unknown mechanism: CAPA lists those that are known\r\n-ERR log in first\r\n+OK good bye\r\n");
}

// What a door does not understand goes to the directory and comes back, in IMAP and POP3 alike.
TEST(Login, MechanismsOfTheDirectory) {
  std::string one = base64_encode("n,,n=ann,r=abc"), two = base64_encode("c=biws,r=abc,p="), hint = "; if it is right: log in with PLAIN once\r\n";
  std::string line = one + "\r\n" + two + "\r\n", more = "+ " + base64_encode("and?") + "\r\n";
  std::string imap_no = "NO [AUTHENTICATIONFAILED] wrong user name or password", pop3_no = "-ERR [AUTH] wrong user name or password";
  same_in_every_split<imap::Login>("a AUTHENTICATE scram-sha-256\r\n" + line + "b AUTHENTICATE SCRAM-SHA-256 " + line + "c AUTHENTICATE OAUTHBEARER " + line + "d NOOP\r\ne AUTHENTICATE SCRAM-SHA-256-PLUS\r\n",
                                   play<imap::Login>("", 1) + "+ \r\n" + more + "a " + imap_no + hint + more + "b " + imap_no + hint + more + "c " + imap_no + "\r\nd OK done\r\n" +
                                       "e NO unknown mechanism: CAPABILITY lists those that are known\r\n");
  same_in_every_split<pop3::Login>("AUTH SCRAM-SHA-256\r\n" + line + "AUTH XOAUTH2 " + line + "AUTH SCRAM-SHA-256 " + one + "\r\n*\r\nNOOP\r\n",
                                   play<pop3::Login>("", 1) + "+ \r\n" + more + pop3_no + hint + more + pop3_no + "\r\n" + more + "-ERR cancelled\r\n+OK\r\n");
  imap::Login l(false, true, false);
  EXPECT_NE(l.take_output().find("AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 "), std::string::npos);
  l.feed("a AUTHENTICATE SCRAM-SHA-256-PLUS " + one + "\r\n");
  ASSERT_EQ(l.wants(), imap::Login::Wants::login);
  EXPECT_EQ(l.credentials().mechanism, "SCRAM-SHA-256-PLUS");
  EXPECT_EQ(l.credentials().message.reveal(), "n,,n=ann,r=abc");
  l.goes_on("r=", "id7");
  EXPECT_EQ(l.take_output(), "+ cj0=\r\n");
  l.feed(two + "\r\n");
  EXPECT_EQ(l.credentials().exchange, "id7");
  EXPECT_EQ(l.succeeded().substr(0, 4), "a OK");
}

TEST(Login, FloodsAreEnded) {
  for (std::string in : {std::string(3 << 20, 'x'), std::string(200'000, '\n'), std::string("a LOGIN {99999999999+}\r\n") + std::string(100, 'x'),
                         std::string("a AUTHENTICATE LOGIN\r\n") + std::string(100'000, 'A'), std::string("USER \0\xff\r\nPASS \r\nAUTH  \r\n", 24),
                         std::string("a\r\n \r\n{1}\r\n"), std::string("AUTH\r\nAUTH \r\n")})
    EXPECT_EQ(fuzz_login(reinterpret_cast<const uint8_t*>(in.data()), in.size()), 0);
}

}  // namespace jd
