// SPDX-License-Identifier: MIT
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "lib/base/log_pace.h"
#include "lib/base/text.h"

namespace jd::log {
namespace {
std::string program;
std::string* captured = nullptr;
thread_local std::string_view trace;
thread_local std::string held;
thread_local bool is_holding = false;
thread_local Time last_left;

bool is_plain(std::string_view s) {
  return !s.empty() && std::none_of(s.begin(), s.end(), [](char c) {
    return is_ctl(c) || c == ' ' || c == '"' || c == '\\' || c == '=' || is_8bit(c);
  });
}

std::atomic<uint64_t> lost = 0;
std::atomic<bool> is_stuck = false;

bool write_line(std::string_view line) {
  if (::write(2, line.data(), line.size()) >= 0) return true;
  if (errno != EAGAIN || is_stuck) return false;
  pollfd p{2, POLLOUT, 0};
  return ::poll(&p, 1, 200) > 0 && ::write(2, line.data(), line.size()) >= 0;
}

void put(std::string_view lines) {
  is_stuck = !write_line(lines);
  if (is_stuck) lost += static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  else if (uint64_t n = lost.exchange(0))
    event(Level::error, "log_lines_lost", {{"count", n}, {"what", "whoever keeps the log did not read; is the disk full?"}});
}

void add(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += '=';
  if (is_plain(value)) line += value;
  else line += '"' + escape(value.substr(0, 2000)) + '"';
}
}  // namespace

void event(Level level, std::string_view name, Fields fields) {
  static const char* names[] = {"debug", "info", "warn", "error"};
  std::string line(name);
  if (level != Level::info) add(line, "level", names[static_cast<int>(level)]);
  if (!program.empty()) add(line, "prog", program);
  if (!trace.empty()) add(line, "trace", trace);
  for (auto& f : fields) add(line, f.key, f.value.text());
  line += '\n';
  // A longer one could be torn by another process's, or be written in part.
  if (line.size() > PIPE_BUF) line.replace(PIPE_BUF - 4, line.npos, "...\n");
  if (captured) {
    *captured += line;
    return;
  }
  if (held.size() + line.size() > PIPE_BUF) flush();
  if (is_holding) held += line;
  else put(line);
  if (level >= Level::warn) flush();
}

void hold_lines(bool on) {
  static const int once = ::pthread_atfork(flush, nullptr, [] { is_holding = false; });
  MUST(once == 0);
  flush();
  is_holding = on;
}

void flush() {
  if (held.empty()) return;
  std::string lines;  // put() may have something to say itself
  lines.swap(held);
  put(lines);
}

void never_block() {
  struct stat st;
  if (::fstat(2, &st) < 0 || !S_ISFIFO(st.st_mode)) return;
  ::fcntl(2, F_SETPIPE_SZ, 1 << 20);  // a burst must not look like a reader that stopped
  ::fcntl(2, F_SETFL, ::fcntl(2, F_GETFL) | O_NONBLOCK);
}

void flush_in_time() {
  if (held.empty() || flush_due_in().ns > 0) return;
  last_left = monotonic();
  flush();
}

Span flush_due_in() { return held.empty() ? hours(1) : last_left + pace - monotonic(); }

bool debug_on() {
  static const bool on = ::getenv("JDMAIL_DEBUG") != nullptr;
  return on;
}

void failure(std::string_view name, const Error& e, Fields fields) {
  std::string what = e.what;
  std::string extra;
  for (auto& f : fields) add(extra, f.key, f.value.text());
  static const char* faults[] = {"temp", "perm", "usage", "bug"};
  Level level = e.fault == Fault::temp || e.fault == Fault::bug ? Level::error : Level::warn;
  std::string head = std::string(name) + extra;
  event(level, head, {{"fault", faults[static_cast<int>(e.fault)]}, {"what", what}});
}

void set_program(std::string_view name) { program = name; }
void capture(std::string* into) { captured = into; }

Trace::Trace(std::string_view id) : before_(trace) { trace = id; }
Trace::~Trace() { trace = before_; }

}  // namespace jd::log
