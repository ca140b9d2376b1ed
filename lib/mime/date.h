// SPDX-License-Identifier: MIT
// date.h: the dates of mail: header fields (RFC 5322 §3.3, §4.3) and IMAP's (RFC 3501 date-time).
//
// parse_date is tolerant: no weekday, no seconds, two- and three-digit years, named and military
// zones, no zone (UTC), month before day, ISO 8601, comments, "-" between day, month and year.
// nullopt when there is no date in it.  Pure, linear, reads at most 256 bytes.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.h"

namespace jd::mime {

struct Date {
  Time time;
  int offset_minutes = 0;  // the zone as written: civil(time, offset_minutes) is what was meant
  bool operator==(const Date&) const = default;
};

std::optional<Date> parse_date(std::string_view raw);

// "17-Jul-1996 02:44:25 -0700", day padded with a blank (date-day-fixed); without quotes.
std::string imap_date(Date d);
// Strict: exactly that form; a leading zero or one digit in the day is taken too.
std::optional<Date> parse_imap_date(std::string_view s);
// "1-Feb-1994" (RFC 3501 `date`, as SEARCH has it): the beginning of that day in UTC.
std::optional<Time> parse_imap_day(std::string_view s);

}  // namespace jd::mime
