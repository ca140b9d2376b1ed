// SPDX-License-Identifier: MIT
// downgrade.h: a message with bytes over 127 in its header as one for readers that do not know RFC 6532.
//
// Headers of the message and of its parts; not those of messages inside, which are content, nor what
// is below multipart/signed or multipart/encrypted, which a signature is about.  Bodies keep every byte.
//   text (Subject, ...)        encoded words (RFC 2047); bytes that are not UTF-8 are guessed (charset.h)
//   addresses (From, To, ...)  names as encoded words, domains as A-labels (RFC 5891); an address that has no
//                              ASCII form becomes an empty group that tells it (RFC 6857 §3.1.5)
//   Content-Type, -Disposition parameters as in RFC 2231
//   others (Message-ID, ...)   "Downgraded-Message-ID" with the value as text (RFC 6857 §3.2)
//   no field at all            '?' for each such byte
// A field that is ASCII already keeps every byte.  Linear; pure; never fails.
#pragma once
#include <string>
#include <string_view>

#include "lib/mime/part.h"

namespace jd::mime {

// root: parse(message).
bool needs_downgrade(std::string_view message, const Part& root);
std::string downgrade(std::string_view message, const Part& root);

}  // namespace jd::mime
