// SPDX-License-Identifier: MIT
// log_pace.h: when the lines that a thread holds (log::hold_lines) leave; for the loop alone.
//
// At once when none left for `pace`, else together when that time is over: one event is seen at once,
// thousands a second do not wake their reader thousands of times.
#pragma once
#include "lib/base/time.h"

namespace jd::log {

constexpr Span pace = milliseconds(5);
void flush_in_time();   // flush() unless something left less than `pace` ago
Span flush_due_in();    // until flush_in_time() has something to do; hours when nothing is held

}  // namespace jd::log
