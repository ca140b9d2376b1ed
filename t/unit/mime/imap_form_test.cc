// SPDX-License-Identifier: MIT
#include "lib/mime/imap_form.h"

#include <gtest/gtest.h>

#include "t/unit/mime/imap_grammar.h"

namespace jd::mime {
namespace {

std::string structure(std::string_view m) { return imap_bodystructure(m, parse(m)); }
std::string body(std::string_view m) { return imap_body(m, parse(m)); }

TEST(ImapForm, Envelope) {  // the example of RFC 3501 §8
  EXPECT_EQ(
      imap_envelope("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                    "From: Terry Gray <gray@cac.washington.edu>\r\n"
                    "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
                    "To: imap@cac.washington.edu\r\n"
                    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
                    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\nbody"),
      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
      "((NIL NIL \"imap\" \"cac.washington.edu\")) "
      "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
      "NIL NIL \"<B27397-0100000@cac.washington.edu>\")");
  EXPECT_EQ(imap_envelope(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(imap_envelope("To: G: a@b;, c\r\nSender:\r\nFrom: x@y\r\n\r\n"),
            "(NIL NIL ((NIL NIL \"x\" \"y\")) ((NIL NIL \"x\" \"y\")) ((NIL NIL \"x\" \"y\")) "
            "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)(NIL NIL \"c\" \"\")) "
            "NIL NIL NIL NIL)");
}

TEST(ImapForm, Strings) {
  using namespace std::string_view_literals;
  auto shown = [](std::string_view s) {
    std::string r;
    append_imap_nstring(r, s);
    return r;
  };
  EXPECT_EQ(shown(""), "NIL");
  EXPECT_EQ(shown("a\"b\\"), "\"a\\\"b\\\\\"");
  EXPECT_EQ(shown("\xC3\xA4"), "{2}\r\n\xC3\xA4");
  EXPECT_EQ(shown("a\0b\r\n"sv), "\"a b  \"");
  EXPECT_EQ(shown("\xC3\xA4\0"sv), "{3}\r\n\xC3\xA4 ");
  EXPECT_EQ(shown(std::string(2000, 'a')).substr(0, 9), "{2000}\r\na");
  EXPECT_EQ(shown(std::string(100'000, 'a')).substr(0, 9), "{65536}\r\n");
}

TEST(ImapForm, Structure) {
  std::string m = "Content-Type: text/plain; charset=us-ascii\r\n\r\nhi\r\nyou\r\n";
  EXPECT_EQ(body(m), R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 9 2))");
  EXPECT_EQ(structure(m),
            R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 9 2 NIL NIL NIL NIL))");
  std::string mixed =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
      "Content-Type: image/gif; name=a\r\nContent-ID: <1>\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment; filename=\"a b\"\r\nContent-Language: en, de\r\n\r\nAAAA\r\n--b--\r\n";
  EXPECT_EQ(body(mixed),
            R"((("text" "plain" NIL NIL NIL "7bit" 1 0)("image" "gif" ("name" "a") "<1>" NIL "base64" 4) "mixed"))");
  EXPECT_EQ(structure(mixed),
            R"((("text" "plain" NIL NIL NIL "7bit" 1 0 NIL NIL NIL NIL))"
            R"(("image" "gif" ("name" "a") "<1>" NIL "base64" 4 NIL ("attachment" ("filename" "a b")) ("en" "de") NIL))"
            R"( "mixed" ("boundary" "b") NIL NIL NIL))");
  std::string inner = "Subject: s\r\n\r\nx\r\n";
  EXPECT_EQ(body("Content-Type: message/rfc822\r\n\r\n" + inner),
            R"(("message" "rfc822" NIL NIL NIL "7bit" 17 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) )"
            R"(("text" "plain" NIL NIL NIL "7bit" 3 1) 3))");
  EXPECT_EQ(body("Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing"),
            R"((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed"))");
}

TEST(ImapForm, AlwaysWellFormed) {
  std::string m =
      "From: \"a\\\" \xFF <b@c>, G: x;\r\nSubject: \xC3\xA4 \"\\\r\n x\r\nTo: (\r\n"
      "Content-Type: multipart/x\"y; boundary=\"b\"; \"=1; a*=\xFF''\xFE; n=\"\\\r\n\r\n--b\r\n"
      "Content-Type: message/rfc822\r\nContent-Disposition: \xFF; a=\r\nContent-Language: \xC3\xA4,(\r\n\r\n"
      "Subject: \"\r\nContent-Type: multipart/digest; boundary=c\r\n\r\n--c\r\n\r\n--c\r\n\r\nA: b\r\n"
      "--b\r\nContent-Type: message/x\r\nContent-MD5: \"\r\n\r\n--b\r\nContent-Type: text/\xFF\r\n\r\n";
  for (std::size_t n = 0; n <= m.size(); n++) {
    std::string_view part = std::string_view(m).substr(0, n);
    EXPECT_TRUE(ImapGrammar::is_envelope(imap_envelope(part))) << n;
    EXPECT_TRUE(ImapGrammar::is_body(body(part), false)) << n << body(part);
    EXPECT_TRUE(ImapGrammar::is_body(structure(part), true)) << n << structure(part);
  }
}

TEST(ImapForm, WhatTheStoreKeeps) {
  std::string m = "From: a@b\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<p>\r\nSubject: y\r\n";
  Parsed p = parse_for_store(m);
  EXPECT_EQ(p.envelope, imap_envelope(m));
  EXPECT_EQ(p.bodystructure, structure(m));
  auto root = decode(p.structure);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->subtype, "html");
  EXPECT_EQ(imap_body(m, *root), body(m));
  // No empty line: the envelope is of the same header as the tree.
  m = "From: a@b\r\nno field\r\nSubject: in the body\r\n";
  EXPECT_EQ(parse_for_store(m).envelope, imap_envelope("From: a@b\r\n\r\n"));
}

TEST(ImapForm, AtTheLimits) {
  std::string m;
  for (int i = 0; i < 200; i++) m += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_TRUE(ImapGrammar::is_body(body(m), false));
  EXPECT_TRUE(ImapGrammar::is_body(structure(m), true));
}

TEST(ImapForm, TheCheckerRefuses) {
  EXPECT_FALSE(ImapGrammar::is_body("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 9)", false));
  EXPECT_FALSE(ImapGrammar::is_body("(\"text\" \"plain\" () NIL NIL \"7bit\" 9 2)", false));
  EXPECT_FALSE(ImapGrammar::is_body("(\"image\" \"gif\" NIL NIL NIL \"7bit\" 9) ", false));
  EXPECT_FALSE(ImapGrammar::is_envelope("(NIL NIL NIL NIL NIL NIL NIL NIL NIL)"));
  EXPECT_FALSE(ImapGrammar::is_envelope("(\"\xC3\" NIL NIL NIL NIL NIL NIL NIL NIL NIL)"));
}

}  // namespace
}  // namespace jd::mime
