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


TEST(ToLines, encodes_what_is_binary_and_says_so) {
  std::string part = "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" + std::string("\x89\n\0", 3);
  std::string m = "Subject: x\r\nContent-Type: multipart/mixed; boundary=q\r\nContent-Transfer-Encoding: binary\r\n\r\n--q\r\n" + part +
                  "\r\n--q\r\nContent-Transfer-Encoding: binary\r\n\r\nh\xc3\xa9\r\n--q--\r\n";
  EXPECT_EQ(to_lines(m).value_or(""),
            "Subject: x\r\nContent-Type: multipart/mixed; boundary=q\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--q\r\n"
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niQoA\r\n\r\n--q\r\nContent-Transfer-Encoding: 8bit\r\n\r\nh\xc3\xa9\r\n--q--\r\n");
}

TEST(ToLines, leaves_what_is_in_lines_and_what_is_signed) {
  EXPECT_EQ(to_lines("A: b\r\n\r\nx\r\n").value_or(""), "A: b\r\n\r\nx\r\n");
  std::string sealed = "Content-Type: multipart/signed; boundary=q\r\n\r\n--q\r\n\r\nx\r\n--q--\r\n";
  EXPECT_EQ(to_lines(sealed).value_or(""), sealed);
  EXPECT_FALSE(to_lines("Content-Type: multipart/signed; boundary=q\r\n\r\n--q\r\n\r\nx\ry\r\n--q--\r\n"));
  EXPECT_FALSE(to_lines("Content-Transfer-Encoding: base64\r\n\r\n" + std::string(2000, 'A')));
}
}  // namespace
}  // namespace jd::mime
