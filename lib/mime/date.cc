// SPDX-License-Identifier: MIT
#include "lib/mime/date.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

constexpr std::string_view months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr const char* month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
struct Zone {
  std::string_view name;
  int hours;
};
// RFC 5322 §4.3 and a few that are common.
constexpr Zone zones[] = {{"ut", 0},   {"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5},
                          {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6},
                          {"pst", -8}, {"pdt", -7}, {"bst", 1},  {"wet", 0},  {"west", 1},
                          {"cet", 1},  {"met", 1},  {"cest", 2}, {"mest", 2}, {"eet", 2},
                          {"eest", 3}, {"msk", 3},  {"jst", 9},  {"kst", 9},  {"hkt", 8}};

int month_of(std::string_view word) {
  if (word.size() < 3) return 0;
  for (int m = 0; m < 12; m++)
    if (iequals(word.substr(0, 3), months[m])) return m + 1;
  return 0;
}

int days_in(int month, int year) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

std::optional<int> small(std::string_view s) {
  auto n = to_number(s);
  if (!n || *n > 9999 || s.size() > 4) return std::nullopt;
  return static_cast<int>(*n);
}

int full_year(int year, std::size_t digits) {  // RFC 5322 §4.3
  if (digits >= 4) return year;
  if (digits == 3) return year + 1900;
  return year < 50 ? year + 2000 : year + 1900;
}

// A clock may be off, a leap second may be written: clamped, not refused.
std::optional<Date> make(Civil c, int offset) {
  if (c.month < 1 || c.month > 12 || c.year < 1 || c.year > 9999) return std::nullopt;
  if (c.day < 1 || c.day > days_in(c.month, c.year)) return std::nullopt;
  if (c.hour > 24 || c.minute > 59 || c.second > 61) return std::nullopt;
  constexpr int64_t limit = 9'000'000'000;  // seconds that nanoseconds in 64 bits can hold
  if (c.year < 1700 || c.year > 2240) return std::nullopt;
  Date d{from_civil(c, offset), offset};
  return std::abs(d.time.seconds()) < limit ? std::optional(d) : std::nullopt;
}

// "+0800", "-08:00", "+8".
std::optional<int> numeric_zone(std::string_view s) {
  if (s.size() < 2 || (s[0] != '+' && s[0] != '-')) return std::nullopt;
  std::string digits;
  for (char c : s.substr(1)) {
    if (is_digit(c)) digits += c;
    else if (c != ':') return std::nullopt;
  }
  auto n = small(digits);
  if (!n) return std::nullopt;
  int hours = digits.size() > 2 ? *n / 100 : *n, mins = digits.size() > 2 ? *n % 100 : 0;
  if (hours > 23 || mins > 59) return std::nullopt;
  int offset = hours * 60 + mins;
  return s[0] == '-' ? -offset : offset;
}

// Comments out; words cut at blanks and commas.  Views into `clean`.
std::vector<std::string_view> date_words(std::string_view raw, std::string& clean) {
  int depth = 0;
  for (char c : raw.substr(0, 256)) {
    if (c == '(') depth++;
    if (depth == 0) clean += c == ',' || is_ctl(c) ? ' ' : c;
    if (c == ')' && depth > 0) depth--;
  }
  return words(clean);
}

struct Found {
  int day = 0, month = 0, year = -1;
  int hour = -1, minute = 0, second = 0;
  int offset = 0;
  bool has_zone = false;
};

bool take_time(std::string_view w, Found& f) {
  std::string_view clock = w.substr(0, w.find_first_of("+-Zz."));
  auto parts = split(clock, ':');
  if (parts.size() < 2 || parts.size() > 3 || f.hour >= 0) return false;
  auto h = small(parts[0]), m = small(parts[1]);
  auto s = parts.size() == 3 ? small(parts[2]) : std::optional(0);
  if (!h || !m || !s) return false;
  f.hour = *h;
  f.minute = *m;
  f.second = *s;
  std::size_t sign = w.find_first_of("+-");
  if (sign != w.npos)
    if (auto z = numeric_zone(w.substr(sign))) f.offset = *z, f.has_zone = true;
  return true;
}

bool take_iso(std::string_view w, Found& f) {  // 2026-11-24 or 2026-11-24T08:26:38+01:00
  if (w.size() < 10 || w[4] != '-' || w[7] != '-') return false;
  auto y = small(w.substr(0, 4)), m = small(w.substr(5, 2)), d = small(w.substr(8, 2));
  if (!y || !m || !d) return false;
  f.year = *y;
  f.month = *m;
  f.day = *d;
  if (w.size() > 11) take_time(w.substr(11), f);
  return true;
}

bool take_dashed(std::string_view w, Found& f) {  // 17-Jul-1996
  auto parts = split(w, '-');
  if (parts.size() != 3 || !month_of(parts[1])) return false;
  auto d = small(parts[0]), y = small(parts[2]);
  if (!d || !y) return false;
  f.day = *d;
  f.month = month_of(parts[1]);
  f.year = full_year(*y, parts[2].size());
  return true;
}

void take_word(std::string_view w, Found& f) {
  if (is_digit(w[0])) {
    if (w.find(':') != w.npos && w.find(':') < 3) {
      take_time(w, f);
      return;
    }
    if (take_iso(w, f) || take_dashed(w, f)) return;
    auto n = small(w);
    if (!n) return;
    if (f.day == 0 && w.size() <= 2) f.day = *n;
    else if (f.year < 0) f.year = full_year(*n, w.size());
    return;
  }
  if (f.hour >= 0 && !f.has_zone) {
    if (auto z = numeric_zone(w)) {
      f.offset = *z;
      f.has_zone = true;
      return;
    }
    for (const Zone& z : zones)
      if (iequals(w, z.name)) f.offset = z.hours * 60, f.has_zone = true;
    if (f.has_zone) return;
  }
  if (!f.month) f.month = month_of(w);
}

int digits2(std::string_view s, std::size_t i) {
  return is_digit(s[i]) && is_digit(s[i + 1]) ? (s[i] - '0') * 10 + (s[i + 1] - '0') : -1;
}

}  // namespace

std::optional<Date> parse_date(std::string_view raw) {
  std::string clean;
  Found f;
  for (std::string_view w : date_words(raw, clean)) take_word(w, f);
  if (!f.day || !f.month || f.year < 0) return std::nullopt;
  if (f.hour < 0) f.hour = 0;
  return make({f.year, f.month, f.day, f.hour, f.minute, f.second, 0}, f.offset);
}

std::string imap_date(Date d) {
  Civil c = civil(d.time, d.offset_minutes);
  int a = std::abs(d.offset_minutes);
  return fmt::format("{:2}-{}-{:04} {:02}:{:02}:{:02} {}{:02}{:02}", c.day, month_names[c.month - 1],
                     c.year, c.hour, c.minute, c.second, d.offset_minutes < 0 ? '-' : '+', a / 60,
                     a % 60);
}

std::optional<Date> parse_imap_date(std::string_view s) {
  std::string padded(s.size() == 25 ? " " : "");
  padded += s.substr(0, 32);
  if (padded.size() != 26 || s.size() > 26) return std::nullopt;
  std::string_view p = padded;
  if (p[0] == ' ') padded[0] = '0';
  if (p[2] != '-' || p[6] != '-' || p[11] != ' ' || p[14] != ':' || p[17] != ':' || p[20] != ' ')
    return std::nullopt;
  int month = month_of(p.substr(3, 3));
  auto year = small(p.substr(7, 4));
  int zone_h = digits2(p, 22), zone_m = digits2(p, 24);
  Civil c{year.value_or(0), month, digits2(p, 0), digits2(p, 12), digits2(p, 15), digits2(p, 18), 0};
  if (!year || !month || c.hour < 0 || c.hour > 23 || c.minute < 0 || c.second < 0 || zone_h < 0 ||
      zone_m < 0 || zone_m > 59 || (p[21] != '+' && p[21] != '-'))
    return std::nullopt;
  int offset = zone_h * 60 + zone_m;
  return make(c, p[21] == '-' ? -offset : offset);
}

std::optional<Time> parse_imap_day(std::string_view s) {
  Found f;
  if (s.size() < 10 || s.size() > 11 || !take_dashed(s, f) || s.size() - s.rfind('-') != 5)
    return std::nullopt;
  auto d = make({f.year, f.month, f.day, 0, 0, 0, 0}, 0);
  return d ? std::optional(d->time) : std::nullopt;
}

}  // namespace jd::mime
