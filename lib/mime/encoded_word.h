// SPDX-License-Identifier: MIT
// encoded_word.h: RFC 2047: non-ASCII text in header fields, both ways.
//
// Decoding takes what real mail has: adjacent words of one charset are joined as bytes before they
// are decoded (writers split inside a character), base64 that runs on from word to word, blanks
// inside words, RFC 2231 language suffixes; raw 8-bit bytes are guessed (charset.h).  A thing that
// only looks like a word stays as it is.  Linear time.  Output is UTF-8 without line ends.  Pure.
#pragma once
#include <string>
#include <string_view>

#include "lib/mime/content_type.h"

namespace jd::mime {

// An unstructured value or a phrase, raw (folds and all), to UTF-8 as a person reads it.
std::string decode_words(std::string_view raw);

// Text as encoded words in UTF-8, B or Q whichever is shorter, each at most 75 bytes, separated by
// CRLF SP once a line would pass 76 columns; `column` is where the first word will stand.
std::string encode_words(std::string_view utf8, std::size_t column = 0);
// Text for an unstructured field: plain when it is printable ASCII that can't be taken for a word
// and folds within 998 bytes, else encoded; folded at blanks.
std::string encode_text(std::string_view utf8, std::size_t column = 0);
// A display name: atoms, a quoted string, or encoded words (RFC 5322 phrase).
std::string encode_phrase(std::string_view utf8, std::size_t column = 0);

// A parameter as a person reads it: RFC 2231 with its charset, or, as many writers have it, encoded
// words or raw bytes in the plain form.  Empty when absent.
std::string parameter_text(const Parameters& all, std::string_view name);
// name=value, name="value", or name*=utf-8''... (RFC 2231 §4), whichever the value needs.
std::string format_parameter(std::string_view name, std::string_view utf8);

}  // namespace jd::mime
