// SPDX-License-Identifier: MIT
// Any bytes as an office document, as a member of one and as text of one: bounded, well-formed UTF-8.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/mime/office_text.h"

namespace {
void fuzz_document(std::string_view bytes) {
  using namespace jd;
  constexpr std::size_t most = 1000;
  for (std::string_view name : {"", "content.xml", "meta.xml", "word/document.xml", "xl/worksheets/a.xml", "D/Content.xml"}) {
    mime::DocumentText out(most);
    if (name.empty()) mime::office_text(bytes, out);
    else mime::office_member(name, bytes, out);
    MUST(out.text().size() <= most && is_utf8(out.text()));
  }
  mime::DocumentText whole, split;
  std::string utf8 = mime::clean_utf8(bytes);
  whole.feed(utf8);
  for (std::size_t i = 0, end; i < utf8.size(); i = end) {
    for (end = i + 1; end < utf8.size() && (utf8[end] & 0xC0) == 0x80;) ++end;
    split.feed(std::string_view(utf8).substr(i, end - i));
  }
  MUST(whole.text() == split.text() && is_utf8(whole.text()));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz_document({reinterpret_cast<const char*>(data), size});
  return 0;
}
