// SPDX-License-Identifier: MIT
// part.h: the MIME structure of a message as a tree of parts (RFC 2045, 2046), and its stored form.
//
// A message is parsed once, at delivery; IMAP and SEARCH work on the tree and never parse again.
// Offsets are bytes from the start of the message:
//
//   header_begin ── header with its empty line ── body_begin ── body ── end
//
// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).  A multipart's body
// holds its children, preamble and epilogue; a message/rfc822 has one child, the root of the
// message inside, whose header_begin is the body_begin of the part around it.
// Any bytes are a message: parse() never fails.  Linear time; at max_depth levels and max_parts
// parts, what would go further stays a leaf (a multipart or message/rfc822 without children).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/mime/content_type.h"

namespace jd::mime {

constexpr std::size_t max_depth = 100;
constexpr std::size_t max_parts = 1000;

struct Part {
  std::string type, subtype;  // lower case; text/plain (message/rfc822 in a digest) when not said
  Parameters parameters;
  std::string id, description, encoding, md5, location;  // raw, unfolded; encoding lower case or ""
  Disposition disposition;  // its type empty: none
  std::vector<std::string> languages;
  uint64_t header_begin = 0, body_begin = 0, end = 0;
  uint64_t lines = 0;  // line ends in the body
  std::vector<Part> children;

  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const { return type == "message" && (subtype == "rfc822" || subtype == "global"); }
  bool is_text() const { return type == "text"; }
  uint64_t body_size() const { return end - body_begin; }
};

Part parse(std::string_view message);

// The stored form: "\x01", then the part:
//   part   := string{type subtype id description encoding md5 location disposition}
//             params params languages number{header_begin - begin of the parent's body}
//             number{header size} number{body size} number{lines} number{children} part*
//   params := number (string string)*      languages := number string*
//   string := number bytes                 number := base-128, low group first, high bit = more
// decode() takes any bytes: Fault::perm unless they are one whole well-formed tree in which every
// range lies within its parent's, of at most max_parts parts and max_depth levels.
std::string encode(const Part& root);
Result<Part> decode(std::string_view bytes);

}  // namespace jd::mime
