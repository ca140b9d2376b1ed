// SPDX-License-Identifier: MIT
// complete.h: a whole message out of what a local program gives: sendmail's part of RFC 6409 §8.
//
//   - lines end with CRLF, a first line "From ..." of a mailbox file goes, a header there always is;
//   - Date, From and Message-ID are added when they are missing (RFC 5322 §3.6);
//   - addresses without a domain in From, Sender, Reply-To, To, Cc and their Resent- forms get one;
//     a field whose addresses are whole stays as it is, byte for byte;
//   - Bcc, Resent-Bcc and Return-Path go.
// Recipients come from To, Cc and Bcc, or, when the header has any Resent- field, from those forms.
// Any bytes are taken; linear time; at most max_addresses recipients.  Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"

namespace jd::mime {

struct Completion {
  std::string sender;       // for From: user@domain; "" for the null sender: the origin's MAILER-DAEMON
  std::string full_name;    // UTF-8, may be empty
  std::string origin;       // the domain behind addresses that have none
  std::string host;         // of the Message-ID
  bool wants_recipients = false;
  Time now;
};
struct Completed {
  std::string message;
  std::vector<std::string> recipients;  // each once, as they came
  bool has_8bit = false;
};

// A run of CR before LF becomes one CRLF, and so does a lone CR or LF; the last line is ended.
std::string whole_lines(std::string_view bytes);
Completed complete(std::string_view crlf, const Completion& c);
// The mailboxes of an address list, whole; groups give their members.  Words that are no address,
// such as two names side by side, are left out.
std::vector<std::string> mailboxes_of(std::string_view list, const std::string& origin);

}  // namespace jd::mime
