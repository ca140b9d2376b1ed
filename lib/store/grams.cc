// SPDX-License-Identifier: MIT
#include "lib/store/grams.h"

#include <algorithm>

namespace jd::store {
namespace {
constexpr std::size_t max_grams = 200;  // of one needle; the rest is left to the scan that follows
}

Needle::Needle(std::string_view folded, Scope scope) {
  GramReader reader(scope);
  auto add = [&](Gram g) { whole.push_back(g); };
  std::size_t before = 0, i = 0;  // before: grams when this run began
  uint32_t last = 0;              // the run's last character; 0: none
  // One CJK character by itself, with nothing before it in its run: what follows it is not known.
  auto run_ends = [&] {
    if (last && GramReader::is_cjk(last) && whole.size() == before)
      ranges.push_back({reader.pair(last, 0), reader.pair(last, 0x3FFFF)});
    last = 0;
  };
  while (i < folded.size() && whole.size() + ranges.size() < max_grams) {
    uint32_t c = GramReader::take(folded, i);
    bool blank = c <= ' ';
    reader.next(c, add);
    if (blank) before = whole.size(), last = 0;
    else last = c;
  }
  if (i == folded.size()) run_ends();
  std::sort(whole.begin(), whole.end());
  whole.erase(std::unique(whole.begin(), whole.end()), whole.end());
}

}  // namespace jd::store
