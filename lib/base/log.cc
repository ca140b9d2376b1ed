// SPDX-License-Identifier: MIT
#include "lib/base/log.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/text.h"

namespace jd::log {
namespace {
std::string program;
std::string* captured = nullptr;
thread_local std::string_view trace;

bool is_plain(std::string_view s) {
  return !s.empty() && std::none_of(s.begin(), s.end(), [](char c) {
    return is_ctl(c) || c == ' ' || c == '"' || c == '\\' || c == '=' || is_8bit(c);
  });
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
  if (captured) *captured += line;
  else if (::write(2, line.data(), line.size()) < 0) return;  // nowhere left to say it
}

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
