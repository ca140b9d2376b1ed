// SPDX-License-Identifier: MIT
// transfer.h: content transfer encodings (RFC 2045 §6): decoders that stream, encoders.
//
// A decoder takes pieces cut anywhere and appends what they decode to; its own state is a few bytes
// (one line for uuencode).  Never fails: base64 skips what is not of its alphabet and goes on behind
// padding (concatenated encodings), quoted-printable keeps a wrong "=xy" as it stands.  Output is
// never longer than the input.  An unknown encoding is passed through, as 7bit, 8bit and binary are.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace jd::mime {

enum class Encoding : uint8_t { identity, base64, quoted_printable, uuencode };
Encoding encoding_of(std::string_view token);  // "base64", "x-uuencode", ...; any case
// Tokens of RFC 2045 and "x-uuencode": anything else is not known (IMAP BINARY then says so).
bool is_known_encoding(std::string_view token);

class TransferDecoder {
 public:
  explicit TransferDecoder(Encoding e) : encoding_(e) {}
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  void base64(std::string_view bytes, std::string& out);
  void quoted_printable(std::string_view bytes, std::string& out);
  void uuencode(std::string_view bytes, std::string& out);
  void uu_line(std::string& out);
  Encoding encoding_;
  uint32_t bits_ = 0;    // base64: up to 18 bits wait
  int count_ = 0;        // base64: characters of the group
  bool inside_ = false;  // uuencode: between "begin" and "end"
  std::string held_;     // quoted-printable: "=", "=X", blanks at the line's end; uuencode: a line
};

std::string decode(std::string_view bytes, Encoding e);

std::string encode_base64(std::string_view bytes, std::size_t line = 76);  // CRLF; 0: one line
// Text with CRLF line ends, which stay line ends; everything else that needs it is encoded.
std::string encode_quoted_printable(std::string_view text);

}  // namespace jd::mime
