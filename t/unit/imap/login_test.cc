// SPDX-License-Identifier: MIT
// What strangers speak to, IMAP's and POP3's: whole, in every split, and with what is malformed.
#include <gtest/gtest.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"

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
  std::string caps = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE STARTTLS AUTH=PLAIN AUTH=LOGIN", no = " NO [AUTHENTICATIONFAILED] wrong user name or password\r\n";
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
  EXPECT_EQ(l.succeeded().substr(0, 16), "a OK [CAPABILITY");
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

TEST(Pop3Login, AConversationInEverySplit) {
  std::string pw = base64_encode(std::string("\0ann\0pw", 7));
  std::string in = "USER ann\r\nPASS p w\r\nPASS x\r\nAUTH PLAIN " + pw + "\r\nAUTH PLAIN\r\n" + pw + "\r\nAUTH NTLM\r\nSTAT\r\nQUIT\r\n";
  std::string no = "-ERR [AUTH] wrong user name or password\r\n";
  same_in_every_split<pop3::Login>(in, "+OK jdmail is ready\r\n+OK and the password?\r\n" + no + "-ERR USER first\r\n" + no + "+ \r\n" + no +
                                           "-ERR unknown mechanism: PLAIN and LOGIN are known\r\n-ERR log in first\r\n+OK good bye\r\n");
}

TEST(Login, FloodsAreEnded) {
  for (std::string in : {std::string(3 << 20, 'x'), std::string(200'000, '\n'), std::string("a LOGIN {99999999999+}\r\n") + std::string(100, 'x'),
                         std::string("a AUTHENTICATE LOGIN\r\n") + std::string(100'000, 'A'), std::string("USER \0\xff\r\nPASS \r\nAUTH  \r\n", 24),
                         std::string("a\r\n \r\n{1}\r\n"), std::string("AUTH\r\nAUTH \r\n")})
    EXPECT_EQ(fuzz_login(reinterpret_cast<const uint8_t*>(in.data()), in.size()), 0);
}

}  // namespace jd
