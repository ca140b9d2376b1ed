// SPDX-License-Identifier: MIT
// job.h: what sessiond and a worker say to each other, over a socket pair of their own.
//
//   sessiond -> worker   job protocol address path quota access manner trace greeting how [state]   connection rides
//                        along, the client's early bytes are the body      how: begin | resume | look
//                        end                                        a BYE to the client, then exit
//   worker -> sessiond   ended                                      the session is over; I wait for the next
//                        parked idling deadline state               the connection rides along; as above
//                        shares owner grantees                      in a session: what an account shares now
// One packet (SOCK_SEQPACKET) is one frame of lib/ipc with at most one descriptor.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/ipc/frame.h"

namespace jd {

struct Job {
  enum class How : uint8_t { begin, resume, look };  // look: a parked one, whose folder has changed
  std::string address, path, protocol, greeting, early, trace, state;
  std::string access;  // directory::Access, as text; "" for POP3
  std::string manner;  // pop3::Manner, as text
  Quota quota;
  How how = How::begin;
  bool may_park = true;

  ipc::Message message() const;
  static Job of(const ipc::Message& m);
};

// A packet of more is not sent (perm): the kernel's buffers may be as small as that.
constexpr std::size_t max_packet = 96 << 10;
Status send_packet(int fd, const ipc::Message& m, int flags = 0);
// nullopt: the other side is gone.  temp with EAGAIN: nothing there (MSG_DONTWAIT).
Result<std::optional<ipc::Message>> receive_packet(int fd, int flags = 0);

}  // namespace jd
