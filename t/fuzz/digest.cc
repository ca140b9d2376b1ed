// SPDX-License-Identifier: MIT
// A digest of any bytes is bounded and can be read; any bytes read as a digest stay within themselves.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/result.h"
#include "lib/mime/digest.h"

namespace {
void fuzz_digest(std::string_view bytes) {
  using namespace jd;
  std::string made = mime::make_digest(bytes);
  MUST(made.size() <= mime::max_digest && mime::DigestView::decode(made));
  auto d = mime::DigestView::decode(bytes);
  if (!d) return;
  for (std::size_t f = 0; f < mime::digest_fields; ++f) {
    auto text = d->get(static_cast<mime::DigestField>(f));
    MUST(text.data() >= bytes.data() && text.data() + text.size() <= bytes.data() + bytes.size());
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz_digest({reinterpret_cast<const char*>(data), size});
  return 0;
}
