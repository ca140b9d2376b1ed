// SPDX-License-Identifier: MIT
// park.h: a silent session as a short text, and a session made of it again.
//
//   version=1 idling=0|1 tag=T deadline=NS bad=N enabled=BITS [limit=N] [notify=BITS [items=HEX]] [saved=SET] [view=...]
//     limit: SessionOptions::message_limit that the client was told of
//     notify: events of the selected mailbox (notify.h), 128: delayed; items: what to fetch of new mail
//     saved: `$`;  view: View::park(), to the end
// One line, words with single blanks.  It holds no mail and no names, and all that the client was told:
// the messages have the same numbers afterwards, also those that were expunged meanwhile; where that
// cannot be, the session is not continued but ended (BYE).  Not in the middle of a command, nor with COMPRESS,
// nor while other mailboxes are watched (NOTIFY) or searches kept up to date, nor with a long `$`.
#pragma once
#include <sys/inotify.h>

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/imap/session.h"

namespace jd::imap {

// What of an account's box/ tells by inotify that a folder has changed: the logs lie there.
constexpr uint32_t changes_mask = IN_MODIFY | IN_MOVED_TO;

struct Parking {
  Span after;         // of silence; then the session is given back.  0: never
  std::string state;  // of one that was parked; "": a new one
  bool look = false;  // only to tell what changed, and to be parked again at once
};
struct Parked {
  std::string state;
  bool is_listening;  // it is to be told what changes
  Time deadline;  // monotonic(): when it has been idle for too long
};
struct Outcome {
  int status = 0;
  std::optional<Parked> parked;  // the connection stands, nothing that came on it was lost
};
// As run_session of session.h.
Outcome run_session(int in, int out, store::Account& account, const SessionOptions& options, const Parking& parking);

}  // namespace jd::imap
