// SPDX-License-Identifier: MIT
// envelope.h: who a message is from and for, and how it came in; everything but its bytes.
//
// The same keys are used in a queue file, in a journal record and in a request to queue-inject:
//   from      reverse path without <>, empty: a bounce            (RFC 5321 §4.1.1.2)
//   rcpt      a recipient; the keys that follow up to the next rcpt belong to it:
//     notify    DSN conditions: never, or success,failure,delay   (RFC 3461 §4.1)
//     orcpt     original recipient, "type;address" as given       (RFC 3461 §4.2)
//     first     the recipient that the sender used, when an alias led here
//     depth     aliases passed on the way here
//   body      7bit | 8bit | binary                                (RFC 6152, 3030)
//   utf8      1: SMTPUTF8                                         (RFC 6531)
//   ret       full | hdrs                                         (RFC 3461 §4.3)
//   envid     envelope id                                         (RFC 3461 §4.4)
//   user      authenticated user        ip, host, helo   the client: address, verified name, HELO
//   with      protocol: SMTP, ESMTP, ESMTPSA, LMTP, local ...     (RFC 3848)
//   received  wall time in nanoseconds  size   bytes of the message
//   hops      Received fields it came with: loops end at max_hops
//   requiretls  1: every hop must be in TLS with a known host (RFC 8689)
//   hold_until  wall time in nanoseconds: no delivery before          (RFC 4865)
//   by, by_mode the wall time to be delivered by, and what then: return | notify, with ",trace"
//               when relaying is to be told                           (RFC 2852)
//   verp      1: each recipient of another host gets a copy with a reverse path of its own
// Unknown keys are kept and written back.  Limits: max_recipients, max_address; nothing here blocks.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/pairs.h"

namespace jd::queue {

constexpr std::size_t max_recipients = 10'000;
constexpr std::size_t max_address = 1000;
constexpr std::size_t max_envelope_bytes = 4u << 20;
constexpr unsigned max_hops = 100;  // RFC 5321 §6.3

enum Notify : uint8_t { notify_unset = 0, notify_never = 1, notify_success = 2, notify_failure = 4,
                        notify_delay = 8 };
enum class Body : uint8_t { seven_bit, eight_bit, binary };
enum class Return : uint8_t { unset, full, headers };

struct Recipient {
  std::string address;
  std::string orcpt, first;
  uint8_t notify = notify_unset;
  uint8_t depth = 0;
  bool wants(Notify n) const;  // unset: failure and delay
};

struct Envelope {
  std::string reverse_path;
  std::vector<Recipient> recipients;
  Body body = Body::seven_bit;
  bool smtputf8 = false;
  Return ret = Return::unset;
  std::string envid, user, ip, host, helo, with;
  Time received;
  uint64_t size = 0;
  uint32_t hops = 0;
  bool requiretls = false, verp = false;
  Time hold_until, deliver_by;  // 0: none
  bool by_return = false, by_trace = false;
  OwnPairs other;

  bool is_bounce() const { return reverse_path.empty(); }
  // From when on it is owed: what was held on request grows old only after that (RFC 4865).
  Time owed_since() const { return std::max(received, hold_until); }
  void encode(std::string& out) const;  // appends pairs
  OwnPairs pairs() const;
  static Result<Envelope> decode(std::string_view bytes);
  // Keys of the caller's that are no part of the envelope (such as cmd) are to be taken out before.
  static Result<Envelope> from_pairs(const Pairs& pairs);
};

std::string notify_text(uint8_t notify);                     // "success,delay"; "" for unset
Result<uint8_t> parse_notify(std::string_view text);         // any case
// A path fit for the queue: no controls, no blanks outside quotes, not too long.  "" is right for a
// reverse path only.
Status check_address(std::string_view address, bool may_be_empty);
std::string_view domain_of(std::string_view address);        // after the last @; "" when none
std::string_view local_part_of(std::string_view address);
unsigned count_received(std::string_view message);           // Received fields in its header
// That, and the Message-ID without <> (at most 250 bytes; "" when there is none), in one pass.
struct HeaderFacts { unsigned received = 0; std::string message_id; };
HeaderFacts header_facts(std::string_view message);

}  // namespace jd::queue
