// SPDX-License-Identifier: MIT
#include "lib/imap/mailbox_name.h"

#include <vector>

#include "lib/base/text.h"

namespace jd::imap {
bool matches(std::string_view pattern, std::string_view name) {
  // reached[j]: the pattern so far matches the first j bytes.  Product of the lengths, no recursion.
  std::vector<char> reached(name.size() + 1, 0);
  reached[0] = 1;
  bool is_inbox = istarts_with(name, "inbox") && (name.size() == 5 || name[5] == '/');
  for (char p : pattern) {
    if (p == '*' || p == '%') {
      for (std::size_t j = 1; j <= name.size(); ++j)
        if (reached[j - 1] && (p == '*' || name[j - 1] != '/')) reached[j] = 1;
      continue;
    }
    for (std::size_t j = name.size(); j > 0; --j) {
      bool same = name[j - 1] == p || (is_inbox && j <= 5 && to_lower(name[j - 1]) == to_lower(p));
      reached[j] = reached[j - 1] && same;
    }
    reached[0] = 0;
  }
  return reached[name.size()];
}

}  // namespace jd::imap
