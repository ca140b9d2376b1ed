// SPDX-License-Identifier: MIT
#include "lib/mime/idna.h"

#include <unicode/uidna.h>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

const UIDNA* idna() {
  static const UIDNA* const one = [] {
    UErrorCode e = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE, &e);
  }();
  return one;
}

template <auto Convert>
std::optional<std::string> convert(std::string_view in) {
  if (!idna() || in.size() > 1000) return {};
  char out[1024];
  UErrorCode e = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  auto n = Convert(idna(), in.data(), static_cast<int32_t>(in.size()), out, sizeof out, &info, &e);
  if (U_FAILURE(e) || info.errors || n <= 0 || n >= static_cast<int32_t>(sizeof out)) return {};
  return std::string(out, static_cast<std::size_t>(n));
}
}  // namespace

std::optional<std::string> to_ascii_domain(std::string_view domain) {
  if (is_ascii(domain)) return lower(domain);
  if (!is_utf8(domain)) return {};
  return convert<uidna_nameToASCII_UTF8>(domain);
}

std::string to_unicode_domain(std::string_view domain) {
  if (domain.find("xn--") == domain.npos && domain.find("XN--") == domain.npos) return std::string(domain);
  return convert<uidna_nameToUnicodeUTF8>(domain).value_or(std::string(domain));
}

}  // namespace jd::mime
