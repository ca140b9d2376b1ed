// SPDX-License-Identifier: MIT
// story.h: the events of one message in plain words, English or Chinese.
//
// Each event has a sentence with {key} for its fields; what stands in [] is left out when one of its
// fields is empty.  What one program says and another says better is told once.  Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/log_line.h"

namespace jd::ctl {

struct Step {
  std::string raw;       // the line; LogLine points into it
  std::string program;   // whose log it is in
};
struct Told {
  std::string time;      // "2026-11-24 16:02:11"
  std::string program, event, text;
  std::vector<std::pair<std::string, std::string>> fields;
};

// The steps of one message, in order of time.
std::vector<Told> tell(const std::vector<Step>& steps, bool chinese);
std::string sentence(const LogLine& line, bool chinese);
// What LC_ALL, LC_MESSAGES or LANG ask for.
bool wants_chinese(std::string_view lang);

}  // namespace jd::ctl
