// SPDX-License-Identifier: MIT
// imap_form.h: ENVELOPE, BODY and BODYSTRUCTURE in their wire form, ready to be copied to a client.
//
// RFC 3501 §7.4.2 and §9, RFC 9051 §7.5.2.  Always well-formed, whatever is in the mail: a string is
// quoted where its bytes allow it and a literal "{n}" CRLF otherwise (8-bit, over 1000 bytes); NUL,
// CR and LF become blanks.  A field is cut at 64 KB, an address list at 1000 entries.
// Parameters and ids are lower case or as they stand; a multipart without parts is shown with one
// empty text/plain part, as the grammar wants at least one, and a message/rfc822 that
// the limits of part.h left without a child as application/octet-stream.  Pure.
#pragma once
#include <string>
#include <string_view>

#include "lib/mime/part.h"

namespace jd::mime {

// `header`: the bytes of a message's header (its body may follow, it is not read).  "(...)".
std::string imap_envelope(std::string_view header);
// Of the message that these bytes are; `part` is the root, or any part below it.
std::string imap_body(std::string_view message, const Part& part);
std::string imap_bodystructure(std::string_view message, const Part& part);

// What the store keeps beside a message, made in one go at delivery: answering FETCH is then copying.
// BODY, which clients hardly ask for, is made from `structure` and the message when it is wanted.
struct Parsed {
  std::string structure;      // encode(parse(message)), see part.h
  std::string envelope;       // imap_envelope
  std::string bodystructure;  // imap_bodystructure
  bool has_wide_header = false;  // needs_downgrade(), see downgrade.h
  bool has_odd_lines = false;    // a bare LF, or a last line without its end: as lines it has another size
};
Parsed parse_for_store(std::string_view message);
// The same for a message before whose first header field `bytes` of other fields are put that say
// nothing about its content (Return-Path, Delivered-To, …).
Parsed with_fields_before(const Parsed& p, uint64_t bytes);

// One string: NIL is never made; imap_nstring makes NIL of an empty one.
void append_imap_string(std::string& out, std::string_view s);
void append_imap_nstring(std::string& out, std::string_view s);

}  // namespace jd::mime
