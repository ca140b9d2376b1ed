// SPDX-License-Identifier: MIT
#include "lib/base/priority.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "lib/base/fd.h"

namespace jd {

Status stand_behind(int nice, Turn turn) {
  constexpr int whole_process = 1, best_effort_lowest = 2 << 13 | 7, idle_class = 3 << 13;
  std::string text = std::to_string(nice);
  // Only of a session of its own: started from a shell, it would make the shell wait as well.
  Fd group(::getsid(0) == ::getpid() ? ::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC) : -1);
  // EAGAIN: one process in a tenth of a second may, on the whole machine.
  for (int left = 20; group && ::write(group.get(), text.data(), text.size()) < 0 && errno == EAGAIN && left > 0; left--) ::usleep(60'000);
  if (::setpriority(PRIO_PROCESS, 0, nice) < 0) return fail_errno(errno, "cannot be nice");
  // A nice one keeps its turn of some milliseconds when another wakes up, an idle one does not.
  sched_param none{};
  if (turn == Turn::idle && ::sched_setscheduler(0, SCHED_IDLE, &none) < 0) return fail_errno(errno, "cannot leave the processor to others");
  if (::syscall(SYS_ioprio_set, whole_process, 0, turn == Turn::idle ? idle_class : best_effort_lowest) < 0)
    return fail_errno(errno, "cannot leave the disk to others");
  return {};
}

}  // namespace jd
