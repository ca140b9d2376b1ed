// SPDX-License-Identifier: MIT
// log.h: one line per event on stderr, for s6-log and `jdctl trace`.
//
//   log::info("accepted", {{"qid", id}, {"from", sender}, {"bytes", n}});
//   -> accepted level=info prog=smtpd trace=... qid=... from="<a@b>" bytes=4096
//
// The first word is a stable event name, listed in jdmail-log(5).  Values are quoted when they have
// blanks, quotes or control bytes; nothing from outside can start a new line.  Lines are written
// whole, at most PIPE_BUF bytes at once.  `trace` is a word that ties the lines of one message or session together: it is set by
// a Trace object while the work for that session is done.  Secrets have no formatter (secret.h).
// Levels: error (an operator must act), warn (heals, look if often), info (one per message and
// step), debug (per session; off unless JDMAIL_DEBUG is set).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "lib/base/result.h"

namespace jd::log {

enum class Level : uint8_t { debug, info, warn, error };

class Value {
 public:
  Value(std::string_view s) : text_(s) {}
  Value(const std::string& s) : text_(s) {}
  Value(const char* s) : text_(s) {}
  Value(bool b) : text_(b ? "yes" : "no") {}
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Value(T n) : text_(fmt::format("{}", n)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};
struct Field {
  std::string_view key;
  Value value;
};
using Fields = std::initializer_list<Field>;

void event(Level level, std::string_view name, Fields fields);
inline void error(std::string_view name, Fields f = {}) { event(Level::error, name, f); }
inline void warn(std::string_view name, Fields f = {}) { event(Level::warn, name, f); }
inline void info(std::string_view name, Fields f = {}) { event(Level::info, name, f); }
bool debug_on();
inline void debug(std::string_view name, Fields f = {}) {
  if (debug_on()) event(Level::debug, name, f);
}
// error for temp and bug, warn for what the other side caused; fields what= and fault=.
void failure(std::string_view name, const Error& e, Fields fields = {});

void set_program(std::string_view name);
// Where stderr is a pipe whose reader does not read (s6-log on a full disk), lines are dropped from
// now on instead of blocking the service; log_lines_lost tells how many when it reads again.
void never_block();
// From now on this thread's info lines wait for flush(), which its loop calls within milliseconds
// (log_pace.h); a warning or an error takes them along at once.  Thousands of lines a second cost
// their reader a wake-up each otherwise.  A forked child does not hold them.
void hold_lines(bool on);
void flush();
// Tests: lines go here instead of stderr.  nullptr: stderr again.
void capture(std::string* into);

class Trace {
 public:
  explicit Trace(std::string_view id);
  ~Trace();
  Trace(const Trace&) = delete;

 private:
  std::string_view before_;
};

}  // namespace jd::log
