// SPDX-License-Identifier: MIT
// log_files.h: the lines of all programs' logs, the newest files first.
//
// s6-log's directories: `current` and the older @<tai64n>.s or .u, whose name is the time at which they
// ended; one that is gzip or zstd (s6-log's processors) is unpacked on the way.  Only a block of each
// file is in memory.  What cannot be read is told on standard error and left out.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::ctl {

struct LogFile {
  std::string program, path;
  Time ended;   // of `current`: far in the future
};
// The newest first.  Files that ended before `since` are left out.
Result<std::vector<LogFile>> log_files(const std::string& directory, Time since);
// Each line without its end; a line of more than 64 KB comes in pieces.
Status read_lines(const LogFile& file, const std::function<void(std::string_view line)>& take);
// "@4000000067..." -> when; 0: no such name.
Time time_of_log_name(std::string_view name);

}  // namespace jd::ctl
