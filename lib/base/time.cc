// SPDX-License-Identifier: MIT
#include "lib/base/time.h"

#include <fmt/core.h>
#include <time.h>

#include <cstdlib>

#include "lib/base/text.h"

namespace jd {
namespace {
Time read(clockid_t id) {
  timespec ts;
  clock_gettime(id, &ts);
  return {ts.tv_sec * 1'000'000'000 + ts.tv_nsec};
}
struct SystemClock : Clock {
  Time now() override { return read(CLOCK_REALTIME); }
  Time monotonic() override { return read(CLOCK_MONOTONIC); }
} the_system_clock;
Clock* current = &the_system_clock;

// Days since 1970-01-01 of a Gregorian date, by counting 400-year cycles from 1 March.
int64_t days_from(int64_t y, int m, int d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t in_era = y - era * 400;
  int64_t in_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}
}  // namespace

Clock& system_clock() { return the_system_clock; }
void set_clock(Clock* c) { current = c ? c : &the_system_clock; }
Time now() { return current->now(); }
Time monotonic() { return current->monotonic(); }

std::optional<Span> to_span(std::string_view s) {
  auto digits = s.find_first_not_of("0123456789");
  if (digits == s.npos) digits = s.size();
  auto n = to_number(s.substr(0, digits));
  if (!n || *n > 1'000'000'000) return std::nullopt;
  auto v = static_cast<int64_t>(*n);
  auto unit = s.substr(digits);
  if (unit == "ms") return milliseconds(v);
  if (unit == "s") return seconds(v);
  if (unit == "m") return minutes(v);
  if (unit == "h") return hours(v);
  if (unit == "d" && v < 100'000) return days(v);
  return std::nullopt;
}

std::string span_text(Span s) {
  int64_t n = s.seconds();
  if (n < 60) return fmt::format("{}s", n);
  if (n < 3600) return fmt::format("{}m {}s", n / 60, n % 60);
  if (n < 86400) return fmt::format("{}h {}m", n / 3600, n % 3600 / 60);
  return fmt::format("{}d {}h", n / 86400, n % 86400 / 3600);
}

Civil civil(Time t, int offset_minutes) {
  int64_t s = t.seconds() + offset_minutes * 60;
  int64_t day = s >= 0 ? s / 86400 : -((86399 - s) / 86400);
  int64_t rest = s - day * 86400;
  int64_t z = day + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t in_era = z - era * 146097;
  int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  int64_t m = (5 * in_year + 2) / 153;
  Civil c;
  c.day = static_cast<int>(in_year - (153 * m + 2) / 5 + 1);
  c.month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  c.year = static_cast<int>(year + era * 400 + (c.month <= 2));
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest % 3600 / 60);
  c.second = static_cast<int>(rest % 60);
  c.weekday = static_cast<int>(((day + 4) % 7 + 7) % 7);
  return c;
}

Time from_civil(const Civil& c, int offset_minutes) {
  int64_t s = days_from(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
  return from_seconds(s - offset_minutes * 60);
}

int local_offset_minutes(Time t) {
  time_t s = t.seconds();
  tm local;
  if (!localtime_r(&s, &local)) return 0;
  return static_cast<int>(local.tm_gmtoff / 60);
}

std::string rfc5322_date(Time t) {
  static const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int offset = local_offset_minutes(t);
  Civil c = civil(t, offset);
  int a = std::abs(offset);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} {}{:02}{:02}", days[c.weekday], c.day,
                     months[c.month - 1], c.year, c.hour, c.minute, c.second,
                     offset < 0 ? '-' : '+', a / 60, a % 60);
}

std::string iso8601(Time t) {
  Civil c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, t.ns / 1'000'000 % 1000);
}

}  // namespace jd
