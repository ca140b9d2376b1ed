// SPDX-License-Identifier: MIT
#include "lib/mime/seven_bit.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "lib/mime/part.h"
#include "lib/mime/transfer.h"

namespace jd::mime {
namespace {

TEST(SevenBit, NothingToDo) {
  EXPECT_FALSE(to_seven_bit(""));
  EXPECT_FALSE(to_seven_bit("Subject: x\r\n\r\nplain\r\n"));
  EXPECT_FALSE(to_seven_bit("Subject: h\xC3\xA9\r\n\r\nplain\r\n")) << "nothing encodes a header";
}

TEST(SevenBit, TextBecomesQuotedPrintableAndSaysSo) {
  EXPECT_EQ(to_seven_bit("Subject: x\r\n\r\nh\xC3\xA9\r\n"),
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nh=C3=A9\r\n");
  EXPECT_EQ(to_seven_bit("\r\nh\xE9\r\n"), "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
                                           "Content-Transfer-Encoding: quoted-printable\r\n\r\nh=E9\r\n");
  EXPECT_EQ(to_seven_bit("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/html;\r\n charset=gbk\r\n\r\n\xC4\xE3\r\n"),
            "MIME-Version: 1.0\r\nContent-Type: text/html;\r\n charset=gbk\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C4=E3\r\n");
}

const std::string mixed =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "preamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nh\xC3\xA9\r\n"
    "--b\r\n\r\nplain  \r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\xFF\xFE\r\n\r\n"
    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: in\r\n\r\n\xC3\xA9\r\n--b--\r\n";

TEST(SevenBit, OnlyTheWidePartsOfAMultipartChange) {
  auto r = to_seven_bit(mixed);
  ASSERT_TRUE(r);
  EXPECT_EQ(*r,
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            "preamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nh=C3=A9\r\n"
            "--b\r\n\r\nplain  \r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n//4NCg==\r\n\r\n"
            "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            "Subject: in\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n--b--\r\n");
}

TEST(SevenBit, WhatIsSignedOrEncodedStays) {
  EXPECT_FALSE(to_seven_bit("DKIM-Signature: v=1\r\n" + mixed));
  std::string sealed = mixed;
  sealed.replace(sealed.find("mixed"), 5, "signed");
  EXPECT_FALSE(to_seven_bit(sealed));
  EXPECT_FALSE(to_seven_bit("Content-Transfer-Encoding: base64\r\n\r\n\xC3\xA9\r\n"));
  // Beside a part that stays, another changes; the whole is still 8bit.
  std::string both = "Content-Type: multipart/mixed; boundary=c\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--c\r\n" + sealed + "\r\n--c\r\n\r\n\xE9\r\n--c--\r\n";
  auto r = to_seven_bit(both);
  ASSERT_TRUE(r);
  EXPECT_NE(r->find(sealed), r->npos);
  EXPECT_NE(r->find("=E9"), r->npos);
  EXPECT_EQ(parse(*r).encoding, "8bit");
}

TEST(SevenBit, ASoftBreakMakesNoBoundary) {
  std::string line(75, 'x');
  auto r = to_seven_bit("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\xE9\r\n" + line + "--b\r\n" + line.substr(1) + "--b\r\n--b--\r\n");
  ASSERT_TRUE(r);
  Part root = parse(*r);
  ASSERT_EQ(root.children.size(), 1u);
  EXPECT_EQ(root.children[0].encoding, "base64");
}

// BODY=BINARYMIME: what decodes from the result is what was there, and the result is lines.
TEST(SevenBit, BinaryPartsBecomeLines) {
  const std::string binary("a\nb\rc\0\r\n--x\r", 13);
  std::string m = "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n--b\r\nX: y\r\n\r\nplain\r\n"
                  "--b\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n" + binary + "\r\n--b--\r\n";
  auto r = to_lines(m);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->find('\0'), r->npos);
  Part root = parse(*r);
  ASSERT_EQ(root.children.size(), 2u);
  auto& c = root.children[1];
  EXPECT_EQ(c.encoding, "base64");
  EXPECT_EQ(decode(std::string_view(*r).substr(c.body_begin, c.body_size()), Encoding::base64), binary);
  EXPECT_NE(r->find("--b\r\nX: y\r\n\r\nplain\r\n--b\r\n"), r->npos) << "what is lines keeps its bytes";
  EXPECT_FALSE(to_lines("X: a\rb\r\n\r\nx\ny\r\n")) << "a header cannot be encoded";
  EXPECT_FALSE(to_lines("DKIM-Signature: x\r\n\r\nx\ny\r\n"));
  EXPECT_FALSE(to_lines("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\ny\r\n--b--\r\n"));
  EXPECT_TRUE(to_lines("\r\n" + std::string(999, 'x') + "\r\n")) << "a line may have 998 bytes";
}

}  // namespace
}  // namespace jd::mime
