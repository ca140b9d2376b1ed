// SPDX-License-Identifier: MIT
// content_type.h: Content-Type and Content-Disposition with their parameters (RFC 2045 §5.1,
// RFC 2183), pieces of a parameter joined (RFC 2231 §3).
//
// Names of types and parameters are given in lower case.  Parameters stay as they came but for the
// joining: a plain one is {"filename", "a.txt"}, one with charset or %-codes is
// {"filename*", "utf-8''%e4%b8%ad"}; parameter() undoes both.  The first of two equal names wins.
// Tolerant: blanks in values without quotes, missing semicolons, stray ones, comments, no quotes at
// the end.  Bounded: max_parameters of a field, the rest is dropped; linear in the value.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jd::mime {

constexpr std::size_t max_parameters = 100;
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct ContentType {
  std::string type, subtype;  // lower case; both empty when the value has no "type/subtype"
  Parameters parameters;
};
struct Disposition {
  std::string type;  // lower case: "inline", "attachment"
  Parameters parameters;
};

// value: raw, as header.h gives it.  "text" alone is text/plain, as old mailers meant it.
ContentType parse_content_type(std::string_view value);
Disposition parse_disposition(std::string_view value);

// The bytes of a parameter, %-codes decoded, and the charset that they are in (empty when the
// sender named none).  The form with charset is preferred when there are both (RFC 5987 §4.2).
struct ParameterValue {
  std::string bytes, charset;
};
std::optional<ParameterValue> parameter(const Parameters& all, std::string_view name);

}  // namespace jd::mime
