// SPDX-License-Identifier: MIT
// modes.h: what sendmail does but take one message: speak SMTP, show the queue.  Exit codes: sysexits.h.
#pragma once
#include <string>

#include "lib/base/config.h"

namespace jd::sendmail {

// -bs: SMTP on descriptors 0 and 1 with one who is trusted as any local user: no login, any recipient.
int speak_smtp(const Paths& paths, const Config& config);
// mailq, -bp: in the form that monitors of other mail systems read; for root.
int list_queue(const Paths& paths);
// -q
int flush_queue(const Paths& paths);

}  // namespace jd::sendmail
