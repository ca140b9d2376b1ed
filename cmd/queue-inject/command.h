// SPDX-License-Identifier: MIT
// command.h: queue-inject as a command, with qmail-queue's interface and exit codes.
//
// Message on fd 0, envelope on fd 1:  F sender NUL (T recipient NUL (K key=value NUL)*)* NUL.
// K is ours: notify and orcpt of the recipient before it; ret, envid, verp, utf8 of the message.  Works with every daemon
// down: the message becomes a file in queue/new, durable before the exit with 0.
#pragma once
#include <string>

namespace jd {

// qmail-queue(8)
enum InjectExit : int {
  inject_ok = 0,
  inject_address_too_long = 11,
  inject_refused = 31,        // the message or envelope is not acceptable
  inject_no_memory = 51,
  inject_timeout = 52,
  inject_write_error = 53,    // disk full
  inject_read_error = 54,
  inject_config_error = 55,
  inject_home_error = 61,     // the instance directory
  inject_queue_error = 62,    // the queue directory
  inject_bug = 81,
  inject_bad_envelope = 91,
};

int inject_command(const std::string& queue_path);

}  // namespace jd
