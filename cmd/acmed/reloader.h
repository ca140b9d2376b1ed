// SPDX-License-Identifier: MIT
// reloader.h: the one thing that acmed cannot do itself: tell smtpd and frontd, whose masters are root's, to
// take new certificates.
//
// A small process that keeps its rights is made before they are dropped.  It reads bytes from a pipe, and
// for each of them sends SIGHUP to the holders of run/smtpd.lock and run/frontd.lock; it ends with the pipe.
#pragma once
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd {

class Reloader {
 public:
  static Result<Reloader> start(const std::string& run_dir);
  void reload();

 private:
  explicit Reloader(Fd pipe) : pipe_(std::move(pipe)) {}
  Fd pipe_;
};

}  // namespace jd
