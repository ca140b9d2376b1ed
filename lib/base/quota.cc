// SPDX-License-Identifier: MIT
#include "lib/base/quota.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd {

std::string Quota::text() const {
  if (!messages && !limits_domain()) return fmt::format("{}", bytes);
  return fmt::format("{} {} {} {}", bytes, messages, domain_bytes, domain_messages);
}

Quota Quota::parse(std::string_view text) {
  Quota q;
  uint64_t* to[] = {&q.bytes, &q.messages, &q.domain_bytes, &q.domain_messages};
  auto fields = words(text);
  for (std::size_t i = 0; i < fields.size() && i < 4; i++) *to[i] = to_number(fields[i]).value_or(0);
  return q;
}

}  // namespace jd
