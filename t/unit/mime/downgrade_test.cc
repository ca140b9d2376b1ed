// SPDX-License-Identifier: MIT
#include "lib/mime/downgrade.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

// Of one field, whose message needs it.
std::string field(const std::string& line) {
  std::string m = line + "\r\n\r\nbody \xE4\xBD\xA0\r\n";
  auto root = parse(m);
  EXPECT_TRUE(needs_downgrade(m, root)) << line;
  std::string r = downgrade(m, root), end = "\r\n\r\nbody \xE4\xBD\xA0\r\n";
  EXPECT_TRUE(r.ends_with(end)) << r;
  return r.substr(0, r.size() - std::min(r.size(), end.size()));
}

TEST(Downgrade, WhatIsAsciiStays) {
  for (std::string m : {"", "Subject: x\r\n\r\n\xE4\xBD\xA0\r\n", "Subject: =?utf-8?q?=C3=A9?=\n\nx", "\r\n\xFF"}) {
    auto root = parse(m);
    EXPECT_FALSE(needs_downgrade(m, root)) << m;
    EXPECT_EQ(downgrade(m, root), m);
  }
  std::string two = "X-A:  odd \t\r\nSubject: 你\r\nX-B:b\r\n\r\n";
  EXPECT_EQ(downgrade(two, parse(two)), "X-A:  odd \t\r\nSubject: =?utf-8?B?5L2g?=\r\nX-B:b\r\n\r\n");
}

TEST(Downgrade, TextIsEncoded) {
  EXPECT_EQ(field("Subject: 你好"), "Subject: =?utf-8?B?5L2g5aW9?=");
  EXPECT_EQ(field("X-Any: caf\xC3\xA9"), "X-Any: =?utf-8?B?Y2Fmw6k=?=");
  EXPECT_EQ(field("Subject: \xC4\xE3\xBA\xC3"), "Subject: =?utf-8?B?5L2g5aW9?=") << "GB18030 is guessed";
}

// RFC 6857 §3.1: names, domains, and addresses that have no ASCII form.
TEST(Downgrade, AddressesStayAddressesWhereTheyCan) {
  EXPECT_EQ(field("From: 安 <ann@example.test>"), "From: =?utf-8?B?5a6J?= <ann@example.test>");
  EXPECT_EQ(field("To: ann@b\xC3\xBC" "cher.test, \"Bob\" <bob@x.test>"), "To: ann@xn--bcher-kva.test, Bob <bob@x.test>");
  EXPECT_EQ(field("Cc: 安 <安@x.test>, bob@x.test"), "Cc: =?utf-8?B?5a6JIDzlrolAeC50ZXN0Pg==?= :;, bob@x.test");
  EXPECT_EQ(field("To: 组: ann@x.test, 安@x.test;, c@x.test"), "To: =?utf-8?B?5a6JQHgudGVzdA==?= :;, =?utf-8?B?57uE?=: ann@x.test;,\r\n c@x.test");
  EXPECT_EQ(field("Sender: ()\xE4\xBD\xA0,"), "Sender: =?utf-8?B?5L2g?= :;");
}

TEST(Downgrade, ParametersAreThoseOfRfc2231) {
  EXPECT_EQ(field("Content-Type: application/x; name=\"文.txt\"; y=z"), "Content-Type: application/x; name*=utf-8''%E6%96%87.txt; y=z");
  EXPECT_EQ(field("Content-Disposition: attachment; filename=文; filename*=utf-8''%E6%96%87"),
            "Content-Disposition: attachment; filename*=utf-8''%E6%96%87");
}

TEST(Downgrade, WhatHasNoSuchFormIsKeptUnderAnotherName) {
  EXPECT_EQ(field("Message-ID: <你@x>"), "Downgraded-Message-ID: =?utf-8?B?POS9oEB4Pg==?=");
  EXPECT_EQ(field("A: b\r\nno field \xFF\r\nC: d"), "A: b\r\nno field ?\r\nC: d");
}

TEST(Downgrade, PartsToo) {
  std::string m =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\npre \xC3\xA9\r\n--b\r\nContent-Description: \xC3\xA9\r\n\r\nt\xC3\xA9\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: \xC3\xA9\r\n\r\nx\r\n"
      "--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\nContent-Description: \xC3\xA9\r\n\r\ny\r\n--c--\r\n--b--\r\nend";
  std::string expected = m;
  expected.replace(expected.find("Content-Description: \xC3\xA9"), 23, "Content-Description: =?utf-8?B?w6k=?=");
  EXPECT_TRUE(needs_downgrade(m, parse(m)));
  EXPECT_EQ(downgrade(m, parse(m)), expected) << "not of what is inside, nor of what is signed";
  EXPECT_FALSE(needs_downgrade(expected, parse(expected)));
}

}  // namespace
}  // namespace jd::mime
