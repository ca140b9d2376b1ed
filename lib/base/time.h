// SPDX-License-Identifier: MIT
// time.h: moments, durations and the clock that tests can move.
//
// Plain integers inside, so that nobody pays for <chrono>.  Time is wall time in nanoseconds since
// 1970 UTC; Span is a length in nanoseconds.  Deadlines use monotonic(), which tests move too.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jd {

struct Span {
  int64_t ns = 0;
  auto operator<=>(const Span&) const = default;
  int64_t ms() const { return ns / 1'000'000; }
  int64_t seconds() const { return ns / 1'000'000'000; }
};
constexpr Span milliseconds(int64_t n) { return {n * 1'000'000}; }
constexpr Span seconds(int64_t n) { return {n * 1'000'000'000}; }
constexpr Span minutes(int64_t n) { return seconds(n * 60); }
constexpr Span hours(int64_t n) { return seconds(n * 3600); }
constexpr Span days(int64_t n) { return hours(n * 24); }
constexpr Span operator+(Span a, Span b) { return {a.ns + b.ns}; }
constexpr Span operator*(Span a, int64_t k) { return {a.ns * k}; }
// "90s", "5m", "4h", "5d", "250ms"
std::optional<Span> to_span(std::string_view s);
std::string span_text(Span s);  // "4m 10s": for people

struct Time {
  int64_t ns = 0;
  auto operator<=>(const Time&) const = default;
  int64_t seconds() const { return ns / 1'000'000'000; }
};
constexpr Time from_seconds(int64_t s) { return {s * 1'000'000'000}; }
constexpr Time operator+(Time t, Span s) { return {t.ns + s.ns}; }
constexpr Time operator-(Time t, Span s) { return {t.ns - s.ns}; }
constexpr Span operator-(Time a, Time b) { return {a.ns - b.ns}; }

struct Clock {
  virtual ~Clock() = default;
  virtual Time now() = 0;        // wall time
  virtual Time monotonic() = 0;  // for deadlines; its zero is arbitrary
};
Clock& system_clock();
// The clock that now() and monotonic() below read; tests put a ManualClock in.
void set_clock(Clock* clock);  // nullptr: the system's
Time now();
Time monotonic();

struct ManualClock : Clock {
  Time at = from_seconds(1'700'000'000);
  Time now() override { return at; }
  Time monotonic() override { return at; }
  void advance(Span s) { at = at + s; }
};

struct Civil { int year, month, day, hour, minute, second, weekday; };  // month 1..12, Sunday = 0
Civil civil(Time t, int offset_minutes = 0);
Time from_civil(const Civil& c, int offset_minutes = 0);
int local_offset_minutes(Time t);  // of this machine's time zone

std::string rfc5322_date(Time t);  // "Tue, 24 Nov 2026 08:26:38 +0000", local zone
std::string iso8601(Time t);       // "2026-11-24T08:26:38.123Z"

}  // namespace jd
