// SPDX-License-Identifier: MIT
// agent.h: what qrun and the delivery agents say to each other, as plain pairs (pairs.h).
//
// The pairs travel as one frame each (lib/ipc, which adds the id that ties answer to request) on
// run/local-deliver.sock and run/remote-deliver.sock; many requests may be under way on one
// connection, answers come in any order.
//
// qrun -> local-deliver
//   cmd=segment  n                       a descriptor rides along: journal segment n, read-only.
//                                        Once per connection and segment, before its first use.
//   cmd=unsegment n                      no more of it: close the descriptor.
//   cmd=deliver  qid rcpt original from kind account path quota replay user received
//                segment offset length   message by reference: `length` bytes of that segment's file
//            or  offset length and a descriptor riding along (segment absent): then no journal keeps
//                the message, the delivery is answered only when it is durable
//   cmd=sync                             answer when all deliveries answered so far are durable
// qrun -> remote-deliver: one message to one destination domain, all its recipients there
//   cmd=remote   qid domain from body utf8 ret envid size requiretls by by_mode route, then per recipient: rcpt notify orcpt;
//                the message as the frame's body (at most max_inline_bytes) or as a sealed memfd
//                riding along
// agents -> qrun: ok=1 and per recipient (local: once, without n):  n outcome code host text scope
//     outcome  delivered | temp | perm | hold     n  index of the rcpt in the request
//     code     enhanced status (RFC 3463), e.g. 4.2.2     host  who said it     text  its exact words
//     scope    destination: the failure is the destination's, not the recipient's;
//              address: it is about the address that we send from (block lists, reputation): from another
//              address the message may pass.  Both may be there.
//     dsn      relayed: the host that has it now tells nobody of its success (RFC 3461 §5.2.2)
//   or ok=1 and again=1 (remote only): not begun, for the agent is stopping; give it to the next one;
//   or ok=0 when the request itself was wrong or nothing works: temporary for all its recipients.
//   unsegment, segment and sync are answered by ok=1 or ok=0.
//
// The delivery id of a local delivery is qid and rcpt: local-deliver looks for it in the mailbox when
// replay=1 (an earlier attempt may have happened), so that a message is there exactly once.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/queue/envelope.h"
#include "lib/queue/pairs.h"

namespace jd::queue {

constexpr std::size_t max_inline_bytes = 256 << 10;

struct LocalDelivery {
  uint64_t id = 0;  // the sender's own; not encoded
  std::string qid, rcpt, original, from;  // rcpt: final address; original: what the sender used
  std::string kind = "account";           // account | maildir (path is the Maildir)
  std::string account, path;              // account's address; its directory
  Quota quota;
  bool replay = false;
  std::string user;                       // authenticated sender
  Time received;
  std::optional<uint32_t> segment;        // absent: a descriptor rides along
  uint64_t offset = 0, length = 0;

  OwnPairs encode() const;
  static Result<LocalDelivery> decode(const Pairs& pairs);
};

struct RemoteDelivery {
  uint64_t id = 0;  // the sender's own; not encoded
  std::string qid, domain, from;
  Body body = Body::seven_bit;
  bool smtputf8 = false;
  Return ret = Return::unset;
  std::string envid;
  uint64_t size = 0;
  bool requiretls = false;
  Time deliver_by;            // 0: none
  bool by_return = false, by_trace = false;
  std::string route;          // a name in the routing table of jdmail.toml(5); "": by MX
  std::vector<Recipient> recipients;

  OwnPairs encode() const;  // without the message
  static Result<RemoteDelivery> decode(const Pairs& pairs);
};

enum class Fate : uint8_t { delivered, temp, perm, hold };

struct RcptResult {
  std::size_t n = 0;
  Fate fate = Fate::temp;
  std::string code, host, text;
  bool of_destination = false;
  bool of_address = false;
  bool is_relayed = false;
  uint64_t full_for = 0;  // delivered, and what has so many bytes does not fit in any more; 0: there is room
};

struct DeliveryResult {
  uint64_t id = 0;  // of the request; not encoded
  std::vector<RcptResult> recipients;
  OwnPairs encode() const;
  static Result<DeliveryResult> decode(const Pairs& pairs);
};

std::string_view fate_text(Fate f);

}  // namespace jd::queue
