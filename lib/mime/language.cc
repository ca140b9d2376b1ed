// SPDX-License-Identifier: MIT
#include "lib/mime/language.h"

#include <cstdint>
#include <string>

#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"

namespace jd::mime {
namespace {
bool has_han(std::string_view utf8) {  // the most used of them: U+4E00 to U+9FFF
  for (std::size_t i = 0; i + 2 < utf8.size(); i++)
    if (static_cast<uint8_t>(utf8[i]) >= 0xe4 && static_cast<uint8_t>(utf8[i]) <= 0xe9) return true;
  return false;
}
bool has_kana(std::string_view utf8) {  // U+3040 to U+30FF: Japanese, whatever else is there
  for (std::size_t i = 0; i + 2 < utf8.size(); i++)
    if (static_cast<uint8_t>(utf8[i]) == 0xe3 && static_cast<uint8_t>(utf8[i + 1]) >= 0x81 && static_cast<uint8_t>(utf8[i + 1]) <= 0x83) return true;
  return false;
}
}  // namespace

bool seems_chinese(std::string_view message) {
  for (const char* name : {"content-language", "accept-language"})
    if (auto v = find(message, name)) return istarts_with(trim(*v), "zh");
  if (auto v = find(message, "content-type")) {
    std::string type = lower(*v);
    for (const char* charset : {"gb2312", "gbk", "gb18030", "big5", "hz-gb-2312"})
      if (type.find(charset) != type.npos) return true;
  }
  std::string seen;
  for (const char* name : {"subject", "from"})
    if (auto v = find(message, name)) seen += decode_words(unfold(*v).substr(0, 4000));
  return has_han(seen) && !has_kana(seen);
}

}  // namespace jd::mime
