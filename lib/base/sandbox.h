// SPDX-License-Identifier: MIT
// sandbox.h: what a process may still do, given up in the order of jdmail(7) and never regained.
//
// Landlock bounds the files, seccomp the system calls; both work for ordinary users.  What this
// kernel or this user cannot do is skipped with a log line `rights step=... skipped=...`.
// Calls are groups; `basic` (memory, time, signals, reading and writing open descriptors, epoll) is
// always there.  A call outside the list fails with EPERM.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::sandbox {

enum Calls : unsigned {
  basic = 0,
  net = 1,        // new sockets
  files = 2,      // open, rename, remove, sync, lock, inotify
  processes = 4,  // fork, wait, kill
  programs = 8,   // execve, and what a program needs to begin
  threads = 16,   // of this process
  confine = 32,   // to confine children further: prctl, landlock, seccomp
};

struct PathRight {
  std::string path;  // a directory, everything below it; or a file
  bool write;
  bool execute = false;
};

// What a process needs that becomes this program: its file and loader to execute, the libraries of the
// system to read, /dev/null.  A program that is not there is left out.
std::vector<PathRight> needs_of_program(const std::string& program);

struct Rights {
  std::string user;            // system user; "" stays
  std::string root;            // chroot to this directory; "" does not
  std::vector<PathRight> paths;  // Landlock; everything else in the file system is refused
  unsigned calls = basic;
  uint64_t descriptors = 1024;
};

// Root only: chroot, groups, gid, uid, and proof that root cannot be regained.
Status drop_identity(const Rights& rights);
// Landlock.  Paths are opened now.
Status confine_files(const std::vector<PathRight>& paths);
// seccomp; last.  Applies to every thread and child.
Status confine_calls(unsigned calls);
// No core dump, no ptrace, no new privileges, RLIMIT_NOFILE.
Status harden(uint64_t descriptors);

// What confine_calls() makes, made once for many processes that are forked later: making it takes longer
// than all else that such a process does before it works.
class CallFilter {
 public:
  static Result<CallFilter> make(unsigned calls);
  Status load() const;

 private:
  std::string program_;  // sock_filter[]; empty: there is no seccomp here
};

// No way to another process: no signal to it, no ptrace, no shared memory.  Before what else refuses
// calls.  Holds for this process; one that it starts may not even signal itself.
Status confine_to_self();

// A session's process, on the authenticated side of the door: the files of one account and of those that are
// shared with its user, the calls of `filter`, and no way to another process.  Last of all.
Status confine_session(const std::string& account_directory, const CallFilter& filter, const std::vector<PathRight>& shared = {});
// From now on this process may use so much of the processor; then SIGPROF.  Zero: any.  Costs one call.
void limit_cpu(Span from_now);

}  // namespace jd::sandbox
