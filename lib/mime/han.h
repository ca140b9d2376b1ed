// SPDX-License-Identifier: MIT
// han.h: traditional han characters and their simplified forms as one, for search.
#pragma once
#include <string>

namespace jd::mime {

// Replaces, in place, each character of U+3400 to U+9FFF that ICU's Traditional-Simplified transform
// changes: one by one, for a search knows no words.  UTF-8; others stay.  The table of them is made at
// the first use, which takes some 30 ms: whoever forks should have done it before.  Thread-safe.
void simplify_han(std::string& utf8);

}  // namespace jd::mime
