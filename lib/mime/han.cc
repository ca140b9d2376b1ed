// SPDX-License-Identifier: MIT
#include "lib/mime/han.h"

#include <unicode/translit.h>

#include <algorithm>
#include <array>
#include <memory>

namespace jd::mime {
namespace {

constexpr char32_t first = 0x3400, end = 0xA000;
using Table = std::array<char16_t, end - first>;

std::unique_ptr<Table> make_table() {
  auto t = std::make_unique<Table>();
  Table represent;
  icu::UnicodeString all;
  for (char32_t c = first; c < end; ++c) all.append(static_cast<UChar32>(c));
  UErrorCode e = U_ZERO_ERROR;
  std::unique_ptr<icu::Transliterator> transform(icu::Transliterator::createInstance("Traditional-Simplified", UTRANS_FORWARD, e));
  icu::UnicodeString changed = all;
  if (U_SUCCESS(e)) transform->transliterate(changed);
  if (changed.length() != all.length()) changed = all;  // not one by one: an ICU of another time
  for (int32_t i = 0; i < all.length(); ++i) {
    char16_t to = changed[i];
    (*t)[static_cast<std::size_t>(i)] = to >= first && to < end ? to : all[i];
  }
  // A few are the simplified form of one character and the traditional form of another, in a ring or
  // in a row: all of those are one.
  for (std::size_t i = 0; i < t->size(); ++i) {
    char16_t last = all[static_cast<int32_t>(i)];
    for (int steps = 0; steps < 16; ++steps) last = (*t)[last - first];
    char16_t least = last;
    char16_t c = last;
    for (int steps = 0; steps < 16; ++steps) c = (*t)[c - first], least = std::min(least, c);
    represent[i] = least;
  }
  *t = represent;
  return t;
}

}  // namespace

void simplify_han(std::string& s) {
  static const std::unique_ptr<Table> table = make_table();
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  for (std::size_t i = 0; i + 2 < s.size(); ++i) {
    if (at(i) < 0xE3 || at(i) > 0xE9) continue;
    char32_t c = char32_t{at(i) & 0x0Fu} << 12 | char32_t{at(i + 1) & 0x3Fu} << 6 | (at(i + 2) & 0x3Fu);
    if (c < first || c >= end) continue;
    char16_t to = (*table)[c - first];
    if (to != c) {
      s[i] = static_cast<char>(0xE0 | to >> 12);
      s[i + 1] = static_cast<char>(0x80 | (to >> 6 & 0x3F));
      s[i + 2] = static_cast<char>(0x80 | (to & 0x3F));
    }
    i += 2;
  }
}

}  // namespace jd::mime
