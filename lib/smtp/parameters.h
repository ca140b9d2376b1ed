// SPDX-License-Identifier: MIT
// parameters.h: what stands behind the path in MAIL and RCPT: one table of names each.  Pure.
//
//   MAIL  SIZE (RFC 1870), BODY (6152, 3030), SMTPUTF8 (6531), RET, ENVID (3461), AUTH (4954),
//         REQUIRETLS (8689), HOLDFOR, HOLDUNTIL (4865), BY (2852)
//   RCPT  NOTIFY, ORCPT (3461; addresses beyond ASCII: 6533)
// A parameter that was not offered is as unknown as any other (555); one given twice, or with a value
// that is none, is 501.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/time.h"
#include "lib/queue/envelope.h"
#include "lib/smtp/reply.h"

namespace jd::smtp {

// What this session may use.
struct Offered {
  bool extended = false;   // EHLO or LHLO was said
  bool secured = false;    // in TLS: REQUIRETLS
  Span max_hold;           // FUTURERELEASE: the longest; 0: not offered
  Span min_by;             // DELIVERBY: the shortest time that BY=...;R may name
};

struct MailParameters {
  queue::Envelope& envelope;   // only what the parameters say is set
  uint64_t declared_size = 0;  // 0: none
};

// `text`: all behind the path.  nullopt: taken; else the refusal, and what was set is to be thrown away.
std::optional<Reply> read_mail_parameters(std::string_view text, const Offered& offered, MailParameters& to);
std::optional<Reply> read_rcpt_parameters(std::string_view text, const Offered& offered, queue::Recipient& to);

// RFC 3339 §5.6: "2026-11-24T08:26:38Z", "...+08:00", with or without a fraction of a second.
std::optional<Time> parse_rfc3339(std::string_view text);

}  // namespace jd::smtp
