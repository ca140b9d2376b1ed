// SPDX-License-Identifier: MIT
#include "lib/mime/complete.h"

#include <gtest/gtest.h>

#include "lib/mime/header.h"

#define LLVMFuzzerTestOneInput fuzz_complete
#include "t/fuzz/complete.cc"
#undef LLVMFuzzerTestOneInput

using namespace jd;
using namespace jd::mime;

namespace {
Completed done(std::string_view text, bool recipients = true) {
  return complete(whole_lines(text), {"ann@example.test", "Ann Ex", "example.test", "mail.example.test", recipients, from_seconds(1'700'000'000)});
}
std::string field(const Completed& c, std::string_view name) { return unfold(find(c.message, name).value_or("(none)")); }
}  // namespace

TEST(Complete, AddsWhatIsMissing) {
  auto c = done("Subject: hello\n\nbody");
  EXPECT_EQ(field(c, "from"), "Ann Ex <ann@example.test>");
  EXPECT_TRUE(field(c, "message-id").ends_with("@mail.example.test>"));
  EXPECT_NE(field(c, "date"), "(none)");
  EXPECT_TRUE(c.message.ends_with("Subject: hello\r\n\r\nbody\r\n"));
  auto whole = "Date: x\r\nFrom: a@b\r\nMessage-ID: <1@2>\r\nTo: c@d\r\n\r\nbody\r\n";
  EXPECT_EQ(done(whole).message, whole);
}

TEST(Complete, TextWithoutAHeaderIsABody) {
  EXPECT_TRUE(done("just text\nmore").message.ends_with("\r\n\r\njust text\r\nmore\r\n"));
  EXPECT_TRUE(done("Subject: x\nno field here\n").message.ends_with("Subject: x\r\n\r\nno field here\r\n"));
  EXPECT_TRUE(done("\nSubject: in the body\n").message.ends_with("\r\n\r\nSubject: in the body\r\n"));
  EXPECT_TRUE(done("").message.ends_with("\r\n\r\n"));
  EXPECT_EQ(field(done("From ann Tue Nov 24\nSubject: x\n\n"), "subject"), "x");
}

TEST(Complete, RecipientsOfTheHeaderAndNoBcc) {
  auto c = done("To: bob, \"C, D\" <c@d.example>,\n team: x@y.example, bob;\nCc: BOB\nBcc: secret@z.example\nSubject: s\n\nb\n");
  EXPECT_EQ(c.recipients, (std::vector<std::string>{"bob@example.test", "c@d.example", "x@y.example", "secret@z.example"}));
  EXPECT_EQ(field(c, "bcc"), "(none)");
  EXPECT_EQ(c.message.find("secret"), std::string::npos);
  EXPECT_EQ(field(c, "to"), "bob@example.test, \"C, D\" <c@d.example>, team: x@y.example, bob@example.test;");
  EXPECT_TRUE(done("To: bob@example.test\n\n", false).recipients.empty());
  auto again = done("To: old@x.example\nResent-To: new@x.example\nResent-Bcc: s@x.example\n\n");
  EXPECT_EQ(again.recipients, (std::vector<std::string>{"new@x.example", "s@x.example"}));
  EXPECT_EQ(field(again, "resent-bcc"), "(none)");
}

TEST(Complete, CronsMail) {
  auto c = done("From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> /bin/x\n\nout\n");
  EXPECT_EQ(field(c, "from"), "Cron Daemon <root@example.test>");
  EXPECT_EQ(field(c, "to"), "root@example.test");
  EXPECT_EQ(c.recipients, std::vector<std::string>{"root@example.test"});
}

TEST(Complete, LineEnds) {
  EXPECT_EQ(whole_lines("a\nb\r\nc\rd\r\r\ne"), "a\r\nb\r\nc\r\nd\r\ne\r\n");
  EXPECT_EQ(whole_lines("a\r\rb"), "a\r\n\r\nb\r\n");
  EXPECT_EQ(whole_lines(""), "");
  EXPECT_EQ(whole_lines("a\r"), "a\r\n");
  EXPECT_EQ(whole_lines("\n\n"), "\r\n\r\n");
  EXPECT_TRUE(done("Subject: \xc3\xa4\n\n").has_8bit);
  EXPECT_FALSE(done("Subject: a\n\n").has_8bit);
}

TEST(Complete, AnyBytes) {
  const char* inputs[] = {"", ":", "\r", "To:", "To: ;", "To: a: b, c", "From ", "From x", " folded first\n", "A:\n\tB\n\nC", "To: \"unclosed\nTo: (c\n\n",
                          "Resent-To: x\n\n\xff\x00", "To: a b c <", "To: @\nFrom: <>\n\n", "From: root\nfrom: x@\n\n", "To: =?utf-8?q?=C3=A4?= bob\n\n",
                          "Cc: undisclosed-recipients:;\n", "To: a:b:c;;,;\n\n", "To: \xe4\xb8\xad\xe6\x96\x87 <bob>\n\n"};
  for (std::string_view i : inputs) fuzz_complete(reinterpret_cast<const uint8_t*>(i.data()), i.size());
}
