// SPDX-License-Identifier: MIT
// worker.h: the process that runs one user's sessions, one after the other.
//
//   fork ─> all descriptors closed but the connection, the socket to sessiond and the log
//        ─> the account's directory made if it is new ─> Landlock, seccomp ─> the account opened
//           (Landlock: it, and what others share with the user, to be read only where that is all)
//        ─> a session ─> over, or silent and given back ─> the next job of the same user ─> ...
// It ends when sessiond closes its end, or with the session when sessiond is gone.
#pragma once
#include <string>

#include "cmd/sessiond/job.h"
#include "lib/base/config.h"
#include "lib/base/sandbox.h"

namespace jd {

struct WorkerSeat {
  const Config& config;
  const std::string& mail_directory;
  const sandbox::CallFilter& filter;
  Span park_after;  // silence until a session is given back to sessiond
};

// In the child; does not return.  control: the socket to sessiond, blocking.
[[noreturn]] void work(const WorkerSeat& seat, Job job, int connection, int control);

}  // namespace jd
