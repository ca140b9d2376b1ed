// SPDX-License-Identifier: MIT
// daemon.h: the one way in which a daemon starts, gives up its rights, works and ends.
//
// Order (jdmail(7), RIGHTS):
//   1 arguments, configuration (`--check` stops here)   2 lock on run/<name>.lock
//   3 `open`: with full rights: sockets, keys, directories   4 chroot, groups, gid, uid
//   5 no core, no ptrace, no new privileges, rlimits    6 Landlock
//   7 `Service::setup`   8 seccomp   9 readiness byte on --ready-fd   10 `Service::run`   11 exit status
// A daemon with `workers` > 0 keeps a small master: it binds the sockets, forks the workers, starts
// another when one dies, and on SIGHUP reads the configuration anew and starts a new generation; the
// old one stops accepting and finishes its sessions.  The master never reads from the network.
// Signals: TERM and INT end the service in order (workers get TERM too); HUP reloads.
// A second copy waits for the lock of the first and says so.
// Exit status: 0 ended by order, 100 wrong arguments or configuration, 111 try again, 101 our bug.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/sandbox.h"

namespace jd {

struct Service {
  virtual ~Service() = default;
  virtual Status setup() { return {}; }  // after the rights are dropped, before seccomp
  // Works until SIGTERM or SIGINT (blocked by now: read them through a signalfd), returns the exit
  // status.  Calls ready() once it serves.
  virtual int run() = 0;
};

struct Context {
  Config config;
  Paths paths;      // as seen after `open`: with chroot, run is "" so that socket paths still fit
  std::string root_run;  // run/ as seen before the chroot
  int worker = 0;   // 0 .. workers-1
  std::vector<Fd> inherited;  // what the master opened, in its order; shared by all generations
};

// What a program does instead of serving when its flag is given.
struct Mode {
  std::string flag, help;
  std::function<int(const std::string& prefix)> run;  // returns the exit status
};

struct Daemon {
  std::string name;   // also of the lock file and the log lines
  std::string about;
  std::function<sandbox::Rights(const Context&)> rights;
  std::function<Result<std::unique_ptr<Service>>(Context&)> open;
  // With workers: how many, and what the master opens for them before the first fork.
  std::function<int(const Config&)> workers = nullptr;
  std::function<Result<std::vector<Fd>>(const Context&)> listen = nullptr;
  std::optional<Mode> instead = std::nullopt;
};

int run_daemon(int argc, char** argv, const Daemon& daemon);

// Says that the service works now; harmless when nobody asked or when called twice.
void ready();

}  // namespace jd
