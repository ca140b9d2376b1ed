// SPDX-License-Identifier: MIT
#include "lib/mime/writer.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/text.h"

namespace jd::mime {
namespace {

void expect_wire_form(const std::string& m) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < m.size(); i++) {
    if (m[i] == '\n') {
      ASSERT_TRUE(i > 0 && m[i - 1] == '\r') << "bare LF at " << i;
    }
    if (m[i] == '\r') {
      ASSERT_TRUE(i + 1 < m.size() && m[i + 1] == '\n') << "bare CR at " << i;
    }
    column = m[i] == '\n' ? 0 : column + 1;
    ASSERT_LE(column, 999u);
  }
}

TEST(Writer, Headers) {
  Headers h;
  h.add("From", "a@b");
  h.add_text("Subject", "\xE4\xBD\xA0\xE5\xA5\xBD");
  h.add("X", "a\r\nBcc: evil\n\rY: z");
  h.add("Bad\r\nName: x", "y");
  EXPECT_EQ(h.text(), "From: a@b\r\nSubject: =?utf-8?B?5L2g5aW9?=\r\nX: aBcc: evil Y: z\r\nBadNamex: y\r\n");
}

TEST(Writer, LongHeadersFold) {
  Headers h;
  std::string value;
  for (int i = 0; i < 100; i++) value += "word" + std::to_string(i) + " ";
  h.add("X", value);
  h.add("Y", std::string(5000, 'a'));
  h.add("Z", "\"" + value);
  std::vector<std::string> many;
  for (int i = 0; i < 50; i++) many.push_back(format_mailbox("Name, " + std::to_string(i), "user", "example.org"));
  many.push_back(format_mailbox(std::string(40, 'x') + " \xC3\xA4 " + std::string(80, 'y'), "u", "v"));
  h.add_list("To", many);
  expect_wire_form(h.text());
  EXPECT_EQ(unfold(*find(h.text(), "X")), trim(value));
  auto back = parse_addresses(*find(h.text(), "To"));
  ASSERT_EQ(back.size(), 51u);
  EXPECT_EQ(back[7].name, "Name, 7");
  EXPECT_EQ(decode_words(back[50].name), std::string(40, 'x') + " \xC3\xA4 " + std::string(80, 'y'));
}

TEST(Writer, Report) {  // RFC 3464 appendix: the shape of a bounce
  Headers h;
  h.add("From", format_mailbox("Mail System", "postmaster", "example.org"));
  h.add_list("To", {"a@b"});
  h.add("Message-ID", new_message_id("example.org"));
  std::string original = "Subject: x\r\n\r\nbody \xC3\xA4\r\n";
  std::string m = write(
      h, report("delivery-status",
                {text_part("Nicht zugestellt: \xC3\xA4\n.\nFrom me\n"),
                 status_part({{{"Reporting-MTA", "dns; example.org"}},
                              {{"Final-Recipient", "rfc822; u@v"}, {"Action", "failed"}, {"Status", "5.1.1"}}}),
                 message_part(original)}));
  expect_wire_form(m);
  Part root = parse(m);
  EXPECT_EQ(root.subtype, "report");
  EXPECT_EQ(parameter(root.parameters, "report-type")->bytes, "delivery-status");
  EXPECT_EQ(root.encoding, "8bit");
  ASSERT_EQ(root.children.size(), 3u);
  std::string text;
  visit_body_text(m, root.children[0], [&](std::string_view s) { text += s; return true; });
  EXPECT_EQ(text, "Nicht zugestellt: \xC3\xA4\n.\nFrom me\n\n");
  EXPECT_EQ(root.children[1].subtype, "delivery-status");
  EXPECT_EQ(decoded(m, root.children[1]),
            "Reporting-MTA: dns; example.org\r\n\r\nFinal-Recipient: rfc822; u@v\r\nAction: failed\r\n"
            "Status: 5.1.1\r\n");
  EXPECT_EQ(decoded(m, root.children[2]), original);
  EXPECT_TRUE(root.children[2].is_message());
}

TEST(Writer, TextEncodings) {
  EXPECT_EQ(text_part("plain\n").encoding, "");
  EXPECT_EQ(text_part("plain\n").body, "plain\r\n");
  EXPECT_EQ(text_part("plain\n").type, "text/plain; charset=us-ascii");
  EXPECT_EQ(text_part("caf\xC3\xA9 and a longer text").encoding, "quoted-printable");
  EXPECT_EQ(text_part("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD").encoding, "base64");
  EXPECT_EQ(text_part(std::string(2000, 'a')).encoding, "quoted-printable");
  EXPECT_EQ(to_crlf("a\rb\nc\r\nd"), "a\r\nb\r\nc\r\nd");
}

TEST(Writer, NestedAndAttachments) {
  std::string bytes("\0\1\2\xFF--=_", 8);
  std::string m = write(Headers(), multipart("mixed", {multipart("alternative", {text_part("a"), text_part("<p>b", "html")}),
                                                       attachment("application/x", "\xE4\xBD\xA0 1.bin", bytes),
                                                       header_part("A: b\r\n\r\nbody")}));
  expect_wire_form(m);
  Part root = parse(m);
  ASSERT_EQ(root.children.size(), 3u);
  EXPECT_EQ(root.children[0].children.size(), 2u);
  EXPECT_EQ(decoded(m, root.children[0].children[1]), "<p>b");
  EXPECT_EQ(decoded(m, root.children[1]), bytes);
  EXPECT_EQ(parameter_text(root.children[1].disposition.parameters, "filename"), "\xE4\xBD\xA0 1.bin");
  EXPECT_EQ(decoded(m, root.children[2]), "A: b\r\n\r\n");
  std::string plain = write(Headers(), text_part("x\n"));
  EXPECT_EQ(plain, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nx\r\n");
}

}  // namespace
}  // namespace jd::mime
