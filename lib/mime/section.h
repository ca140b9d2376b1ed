// SPDX-License-Identifier: MIT
// section.h: which bytes of a message IMAP's BODY[section] means (RFC 3501 §6.4.5).
//
//   ""         the whole message            "HEADER" "TEXT"   its header with the empty line; its body
//   "2"        body of part 2               "2.MIME"          the MIME header of part 2
//   "2.1"      part 1 of part 2, if that is a multipart or a message/rfc822
//   "2.HEADER" "2.TEXT"   header and body of the message inside part 2 (message/rfc822 only)
// A message that is no multipart has one part, 1.  A multipart in which no part was found has one
// empty part, as imap_form.h shows it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mime/part.h"

namespace jd::mime {

struct Range {
  uint64_t begin = 0, end = 0;
  uint64_t size() const { return end - begin; }
  std::string_view of(std::string_view message) const;  // empty when the message is shorter
};

// Words in any case.  nullopt: no such section (IMAP answers NIL), or not the syntax above.
std::optional<Range> section(const Part& root, std::string_view spec);
// The same for "2.HEADER.FIELDS" and "2.HEADER.FIELDS.NOT" is the range of "2.HEADER" and this:
// those fields of a header that are (not) named in `names`, as written, then an empty line.
std::string header_fields(std::string_view header, const std::vector<std::string>& names,
                          bool all_but = false);

// The part of a number like "1.2" (no words): the place for BODY[1.2], BINARY and attachments.
const Part* find_part(const Part& root, std::string_view number);

}  // namespace jd::mime
