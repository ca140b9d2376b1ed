// SPDX-License-Identifier: MIT
// log_line.h: reads what log.h wrote and s6-log dated: "2026-11-24 16:02:11.123456789  event key=value ...".
//
// Values come back as they were said, quotes and \xNN undone.  Any bytes are taken; linear; at most
// max_log_fields pairs.  `time` is empty for a line without one; nullopt: no event in it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jd {

constexpr std::size_t max_log_fields = 64;

struct LogLine {
  std::string_view time;   // of the line given: "2026-11-24 16:02:11.123456789"
  std::string_view event;
  std::vector<std::pair<std::string_view, std::string>> fields;
  std::string_view get(std::string_view key) const;  // the first; "" when absent
};
std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace jd
