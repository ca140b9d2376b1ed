// SPDX-License-Identifier: MIT
// health.h: jdctl health: programs, doors, directory, queue, disks, certificates, clock.
#pragma once
#include "cmd/jdctl/ctl.h"

namespace jd::ctl {

// 0: able to work; 2: not; 1, when is_strict: able, and somebody should look.
int health(const Options& o, bool is_strict);

}  // namespace jd::ctl
