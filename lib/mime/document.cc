// SPDX-License-Identifier: MIT
#include "lib/mime/document.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"

namespace jd::mime {
namespace {

const std::string_view subtypes[] = {"pdf", "x-pdf", "ofd", "x-ofd"};
// Of application/vnd.…: what all Office Open XML and OpenDocument types begin with, templates and
// those with macros too.
const std::string_view families[] = {
    "vnd.openxmlformats-officedocument.", "vnd.oasis.opendocument.", "vnd.ms-word.document.macroenabled", "vnd.ms-word.template.macroenabled",
    "vnd.ms-excel.sheet.macroenabled", "vnd.ms-excel.template.macroenabled", "vnd.ms-powerpoint.presentation.macroenabled",
    "vnd.ms-powerpoint.slideshow.macroenabled", "vnd.ms-powerpoint.template.macroenabled"};
const std::string_view endings[] = {"pdf", "ofd", "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm",
                                    "pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "odt", "ott", "ods", "ots", "odp", "otp"};

bool ends_like_a_document(std::string_view name) {
  name = trim(name);
  auto dot = name.rfind('.');
  if (dot == name.npos) return false;
  std::string ending = lower(name.substr(dot + 1));
  return std::find(std::begin(endings), std::end(endings), ending) != std::end(endings);
}

uint32_t take(std::string_view s, std::size_t& i) {
  auto c = static_cast<unsigned char>(s[i++]);
  if (c < 0x80) return c;
  int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
  uint32_t r = c & (0x3Fu >> more);
  for (; more && i < s.size(); --more) r = r << 6 | (static_cast<unsigned char>(s[i++]) & 0x3F);
  return r;
}

// Scripts without blanks between words: not hangul, which has them.
bool is_cjk(uint32_t c) { return (c >= 0x2E80 && c < 0xA000) || (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF00 && c < 0xFFF0) || (c >= 0x20000 && c < 0x40000); }
bool is_blank(uint32_t c) { return c <= ' ' || c == 0x7F || c == 0xA0 || c == 0x3000; }

}  // namespace

bool is_document(const Part& p) {
  if (!p.children.empty() || p.is_text() || p.is_multipart() || p.is_message()) return false;
  if (p.type == "application") {
    if (std::find(std::begin(subtypes), std::end(subtypes), p.subtype) != std::end(subtypes)) return true;
    for (auto f : families)
      if (istarts_with(p.subtype, f)) return true;
  }
  return ends_like_a_document(parameter_text(p.disposition.parameters, "filename")) || ends_like_a_document(parameter_text(p.parameters, "name"));
}

bool is_pdf(std::string_view d) { return d.substr(0, mark_bytes).find("%PDF-") != d.npos; }
bool is_zip(std::string_view d) { return d.starts_with("PK\3\4"); }

bool DocumentText::feed(std::string_view s) {
  for (std::size_t i = 0; i < s.size() && !is_full_;) {
    std::size_t begin = i;
    uint32_t c = take(s, i);
    if (is_blank(c)) {
      if (c == '\n' || c == '\f') ++line_ends_;
      else has_blank_ = true;
      continue;
    }
    bool goes_on = line_ends_ == 1 && is_after_cjk_ && is_cjk(c);
    bool is_apart = (line_ends_ || has_blank_) && !text_.empty() && !goes_on;
    if (text_.size() + is_apart + (i - begin) > max_) return !(is_full_ = true);
    if (is_apart) text_ += line_ends_ ? '\n' : ' ';
    text_ += s.substr(begin, i - begin);
    line_ends_ = 0;
    has_blank_ = false;
    is_after_cjk_ = is_cjk(c);
  }
  return !is_full_;
}

}  // namespace jd::mime
