// SPDX-License-Identifier: MIT
// charset.h: text in whatever charset mail is labelled with, to UTF-8 and back; folding for search.
//
// to_utf8 never fails: bytes that mean nothing become U+FFFD.  Labels are those of the IANA
// registry and the names found in real mail, any case.  Mislabelling is met as mail readers do:
// gb2312 and gbk are read as GB18030, ks_c_5601 as CP949, big5 as Big5-HKSCS, shift_jis as
// Windows-31J, iso-8859-1 as windows-1252.  An absent or unknown label, and US-ASCII with 8-bit
// bytes, is guessed: UTF-8 if well-formed, else GB18030 if it decodes cleanly into Chinese text,
// else windows-1252.  UTF-8 and ASCII don't touch the converter library; opened converters are
// kept (8 per thread, least recently used goes).  Pure otherwise; no I/O after the first use.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace jd::mime {

std::string to_utf8(std::string_view bytes, std::string_view label);
inline std::string guess_to_utf8(std::string_view bytes) { return to_utf8(bytes, {}); }
// nullopt: unknown label, or a character that the charset has not.
std::optional<std::string> from_utf8(std::string_view utf8, std::string_view label);
bool is_charset(std::string_view label);

// Well-formed UTF-8 from bytes that should be: U+FFFD for each malformed sequence.
std::string clean_utf8(std::string_view bytes);

// Unicode NFKC case folding: case, full width and composed forms are one.  Input well-formed UTF-8.
// ASCII is folded without the library.
std::string fold_case(std::string_view utf8);
// What SEARCH compares: that, and traditional and simplified han are one (han.h).
std::string fold(std::string_view utf8);
// Another one when fold() may give something else than before: what was kept folded is made anew.
std::string fold_version();
// Does the text contain the needle; both folded already.
inline bool contains(std::string_view folded, std::string_view folded_needle) {
  return folded.find(folded_needle) != std::string_view::npos;
}

// What a password is before it is hashed (RFC 4013, SASLprep, of a stored string); ASCII without the
// library.  nullopt: a character that is not allowed, or not UTF-8.
std::optional<std::string> saslprep(std::string_view utf8);

// Streaming: pieces may end anywhere, also inside a character.  Output chunks are well-formed UTF-8.
class CharsetDecoder {
 public:
  explicit CharsetDecoder(std::string_view label);
  CharsetDecoder(CharsetDecoder&&) noexcept;
  ~CharsetDecoder();
  void feed(std::string_view bytes, std::string& out);  // appends
  void finish(std::string& out);                        // what an unfinished character left

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jd::mime
