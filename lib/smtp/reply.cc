// SPDX-License-Identifier: MIT
#include "lib/smtp/reply.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd::smtp {

std::string format(const Reply& r) {
  std::string out;
  auto lines = split(r.text, '\n');
  for (std::size_t i = 0; i < lines.size(); i++)
    out += fmt::format("{}{}{}{}{}\r\n", r.code, i + 1 < lines.size() ? '-' : ' ', r.enhanced, r.enhanced.empty() ? "" : " ", lines[i]);
  return out;
}

}  // namespace jd::smtp
