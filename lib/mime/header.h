// SPDX-License-Identifier: MIT
// header.h: the fields of a message's header, as views into its bytes (RFC 5322 §2.2).
//
// Nothing is copied and nothing fails: mail comes as it comes.  The rules for what is broken:
//   - lines end with CRLF or a bare LF; a lone CR is an ordinary byte, and so are NUL and 8-bit bytes;
//   - the header ends after the first empty line; a line of blanks is a continuation, not empty;
//   - a line that is no field (no colon, or a blank or control byte before it, like mbox's "From ")
//     is given with an empty name, so that a copy of the header loses nothing; find() never sees it;
//   - when no empty line follows at all, the first such line after a field begins the body.
// Linear in the bytes read.  Everything is pure; views live as long as the argument.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd::mime {

constexpr std::size_t max_fields = 10'000;  // fields() stops there; a FieldReader does not

struct Field {
  std::string_view name;   // as written, without the colon and blanks before it; empty: no field
  std::string_view value;  // all after the colon, still folded, without the last line end
  std::string_view whole;  // name, colon, value and line end
};

// FieldReader r(message); for (Field f; r.next(f);) ...;  body = message.substr(r.offset()).
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}
  bool next(Field& f);  // false at the end of the header
  // Bytes consumed: behind the empty line once next() has said false.
  std::size_t offset() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool any_ = false;       // a real field was seen
  bool ended_ = false;
  bool has_blank_ = false;  // an empty line is known to follow
};

std::vector<Field> fields(std::string_view message);
std::size_t header_size(std::string_view message);  // including the empty line; the body's offset

// The first field of that name (any case), whatever follows.  Raw value; see unfold().
std::optional<std::string_view> find(std::string_view message, std::string_view name);
std::vector<std::string_view> find_all(std::string_view message, std::string_view name);

// One line: line ends removed (the blanks after them stay, RFC 5322 §2.2.3), trimmed at both ends.
std::string unfold(std::string_view value);

}  // namespace jd::mime
