// SPDX-License-Identifier: MIT
#include "lib/mime/date.h"

#include <gtest/gtest.h>

namespace jd::mime {
namespace {

std::string shown(std::string_view raw) {
  auto d = parse_date(raw);
  return d ? imap_date(*d) : "-";
}

TEST(Date, Header) {
  struct Case {
    std::string_view raw, want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Fri, 21 Nov 1997 09:55:06 -0600", "21-Nov-1997 09:55:06 -0600"},
           {" Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", " 1-Jul-2003 10:52:37 +0200"},
           {"Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32:54\r\n -0330", "13-Feb-1969 23:32:54 -0330"},
           {"21 Nov 97 09:55:06 GMT", "21-Nov-1997 09:55:06 +0000"},
           {"21 Nov 05 09:55 EST", "21-Nov-2005 09:55:00 -0500"},
           {"21 Nov 105 09:55 PDT", "21-Nov-2005 09:55:00 -0700"},
           {"21 Nov 2005", "21-Nov-2005 00:00:00 +0000"},
           {"Fri Nov 21 09:55:06 1997", "21-Nov-1997 09:55:06 +0000"},
           {"Fri Nov 21 09:55:06 MET 1997", "21-Nov-1997 09:55:06 +0100"},
           {"Fri, 21-Nov-97 09:55:06 GMT", "21-Nov-1997 09:55:06 +0000"},
           {"1997-11-21T09:55:06+01:00", "21-Nov-1997 09:55:06 +0100"},
           {"1997-11-21 09:55:06", "21-Nov-1997 09:55:06 +0000"},
           {"Fri, 21 November 1997 09 : 55 -0600", "21-Nov-1997 00:00:00 +0000"},
           {"29 Feb 2023 00:00 +0000", "-"},
           {"29 Feb 2024 00:00 +0000", "29-Feb-2024 00:00:00 +0000"},
           {"", "-"},
           {"garbage", "-"},
           {"32 Jan 2020 00:00", "-"},
           {"1 Jan 2020 25:00", "-"},
           {"1 Jan 99999 00:00", "-"},
       })
    EXPECT_EQ(shown(c.raw), c.want) << c.raw;
  EXPECT_EQ(parse_date("1 Jan 1970 01:00:00 +0100")->time.ns, 0);
}

TEST(Date, Imap) {
  auto d = parse_imap_date("17-Jul-1996 02:44:25 -0700");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->time.seconds(), 837596665);
  EXPECT_EQ(d->offset_minutes, -420);
  EXPECT_EQ(imap_date(*d), "17-Jul-1996 02:44:25 -0700");
  EXPECT_EQ(imap_date(*parse_imap_date(" 1-jan-2000 00:00:00 +0000")), " 1-Jan-2000 00:00:00 +0000");
  EXPECT_TRUE(parse_imap_date("1-Jan-2000 00:00:00 +0000"));
  EXPECT_TRUE(parse_imap_date("01-Jan-2000 00:00:00 +0000"));
  std::string good = "17-Jul-1996 02:44:25 -0700";
  for (std::size_t n = 0; n < good.size(); n++) EXPECT_FALSE(parse_imap_date(good.substr(0, n)));
  for (std::string_view bad : {"17-Jul-1996 02:44:25 -0700 ", "17-Xyz-1996 02:44:25 -0700",
                               "00-Jul-1996 02:44:25 -0700", "17-Jul-1996 24:44:25 -0700",
                               "17-Jul-1996 02:44:25  0700", "1x-Jul-1996 02:44:25 -0700"})
    EXPECT_FALSE(parse_imap_date(bad)) << bad;
}

TEST(Date, ImapDay) {
  EXPECT_EQ(parse_imap_day("1-Feb-1994")->seconds(), 760060800);
  EXPECT_EQ(parse_imap_day("01-Feb-1994")->seconds(), 760060800);
  for (std::string_view bad : {"", "1-Feb-94", "1-Foo-1994", "30-Feb-1994", "1 Feb 1994", "1-Feb-19945"})
    EXPECT_FALSE(parse_imap_day(bad)) << bad;
}

}  // namespace
}  // namespace jd::mime
