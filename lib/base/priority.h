// SPDX-License-Identifier: MIT
// priority.h: work that can wait stands behind the work of others.
#pragma once
#include "lib/base/result.h"

namespace jd {

enum class Turn {
  last,  // of the disk: behind the others of the usual class
  idle,  // of disk and processor (SCHED_IDLE): what nobody else wants; it must hold nothing that others wait for
};

// Of the calling process and those that it starts.  `nice` is told to the kernel's autogroup as well (Linux
// weighs sessions against each other first, and each daemon is a session of its own: sched(7)).  Needs
// /proc; where there is none, or no autogroup, the process's own nice value is all.
Status stand_behind(int nice, Turn turn);

}  // namespace jd
