// SPDX-License-Identifier: MIT
// writer.h: builds messages that every mail program reads: bounces, warnings, vacation, reports.
//
//   Headers h;
//   h.add("From", format_mailbox("Mail System", "postmaster", host));   // structured: as it is
//   h.add_text("Subject", "Zustellung nicht möglich");                  // text: encoded and folded
//   std::string m = write(h, report("delivery-status", {text_part(why), status, original}));
//
// Output is in CRLF wire form, lines under 998 bytes, MIME-Version and a boundary that occurs in no
// part added.  Nothing that is passed in can begin another field: line ends in values become blanks.
// Pure but for the randomness of boundaries and ids; never fails.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jd::mime {

class Headers {
 public:
  // A structured value, ASCII or UTF-8 as the caller means it; folded at blanks when long.
  void add(std::string_view name, std::string_view value);
  // Free text in UTF-8: encoded words where needed (encoded_word.h).
  void add_text(std::string_view name, std::string_view utf8);
  // Addresses already formatted (format_mailbox), joined with commas and folded between them.
  void add_list(std::string_view name, const std::vector<std::string>& addresses);
  const std::string& text() const { return text_; }  // lines with CRLF, no blank line

 private:
  std::string text_;
};

struct OutPart {
  std::string type;                 // "text/plain; charset=utf-8"; a multipart without boundary
  std::string encoding;             // "", "8bit", "base64", "quoted-printable": how body is written
  Headers headers;                  // more fields of the part
  std::string body;                 // of a leaf: as it goes on the wire, in CRLF
  std::vector<OutPart> children;    // of a multipart
};

// Text in UTF-8 with any line ends: 7bit when it is ASCII with lines under 998 bytes, else
// quoted-printable or base64, whichever is shorter.
OutPart text_part(std::string_view utf8, std::string_view subtype = "plain");
// A file: base64, named (RFC 2231 when needed).
OutPart attachment(std::string_view type, std::string_view file_name, std::string_view bytes);
// A message as message/rfc822, or only its header as text/rfc822-headers (RFC 3462 §2).
OutPart message_part(std::string_view message);
OutPart header_part(std::string_view header);
// "mixed", "alternative", ...
OutPart multipart(std::string_view subtype, std::vector<OutPart> children);
// multipart/report (RFC 6522); report_type "delivery-status" or "disposition-notification".
OutPart report(std::string_view report_type, std::vector<OutPart> children);
// message/delivery-status (RFC 3464 §2.1) or another type of groups of fields: a blank line between
// two groups.  Values that are not ASCII make it message/global-delivery-status (RFC 6533).
using Group = std::vector<std::pair<std::string, std::string>>;
OutPart status_part(const std::vector<Group>& groups,
                    std::string_view type = "message/delivery-status");

// The whole message.  Date and Message-ID are the caller's to add.
std::string write(const Headers& headers, const OutPart& root);

std::string new_message_id(std::string_view host);  // "<unique@host>"
std::string to_crlf(std::string_view text);         // bare LF and bare CR become CRLF

}  // namespace jd::mime
