// SPDX-License-Identifier: MIT
// options.h: sendmail's command line, as programs have used it for forty years.  sendmail(8).
//
// Options and recipients may be mixed; "--" ends the options.  What only tunes another mail system is
// taken and ignored; what would start a daemon is refused.  Errors: usage.
#pragma once
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace jd::sendmail {

enum class Mode : uint8_t { message, smtp, list_queue, nothing, flush };

struct Options {
  Mode mode = Mode::message;
  bool from_header = false;   // -t
  bool ignore_dots = false;   // -i: a line with a dot alone is text
  bool verbose = false;
  bool has_sender = false;
  std::string sender;         // -f, -r: as given
  std::string full_name;      // -F
  std::vector<std::string> recipients;  // address lists
  std::string notify, ret, envid;       // -N, -R, -V: RFC 3461
  bool verp = false;          // -XV
  bool is_7bit = false;       // -B 7BIT
  std::string prefix = "/";
  bool help = false, version = false;
};

// argv[0] may be mailq or newaliases, with any path.
Result<Options> parse(int argc, char** argv);
std::string help_text();

}  // namespace jd::sendmail
