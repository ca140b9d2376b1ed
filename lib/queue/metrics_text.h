// SPDX-License-Identifier: MIT
// metrics_text.h: what qrun tells of itself (cmd=stats), in Prometheus' text format, version 0.0.4.
//
// The keys are those of qrun-admin.sock; unknown ones are left out, so that versions may differ.
#pragma once
#include <string>

#include "lib/queue/pairs.h"

namespace jd::queue {

std::string prometheus_text(const Pairs& stats);

}  // namespace jd::queue
