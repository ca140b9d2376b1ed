// SPDX-License-Identifier: MIT
// seven_bit.h: a message in 8-bit form as one that every host can take (RFC 6152 §3).
//
// Each part whose body has bytes over 127 is encoded anew, text as quoted-printable and the rest as
// base64, and its header says so; parts in 7-bit form keep every byte.  A message without MIME fields
// gets them.  What decodes from the result is what was there.
// Left as they are: bytes over 127 in headers and between parts (nothing encodes them), parts that
// are encoded already, and what is signed, for a signature is about the bytes: multipart/signed and
// multipart/encrypted, and the whole message when it has a DKIM-Signature.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace jd::mime {

// Nothing: there is nothing to do or nothing that may be done.  Linear; pure; never fails.
std::optional<std::string> to_seven_bit(std::string_view message);

// A message of BODY=BINARYMIME as one that is lines (RFC 3030 §3): each part whose body has a bare CR or
// LF, NUL or a line of more than 998 bytes is in base64 then, and all else keeps every byte.
// Nothing: it cannot be, for such bytes are in a header, in what is signed or between parts.
std::optional<std::string> to_lines(std::string_view message);

}  // namespace jd::mime
