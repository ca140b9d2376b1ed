// SPDX-License-Identifier: MIT
// admin.h: run/qrun-admin.sock, what jdctl asks of the queue.  Root and jdqueue only.
//
//   cmd=list [sender recipient state after limit]   items, each beginning with qid:
//        qid state from rcpt... size attempts received due reason     next=<cursor> when there are more
//   cmd=show qid        the item's keys, the envelope's, per recipient n status code host text;
//                       body: the message's header
//   cmd=retry|hold|release|delete qid
//   cmd=flush           everything deferred is due now; count
//   cmd=limit [destination] max      0 takes a destination's own limit back
//   cmd=destinations    each beginning with name: active window max waiting dead
//   cmd=stats           counts     cmd=drain on=1|0: start nothing new; active=0 in stats: drained
// Times are seconds since 1970.  Answers ok=1 or ok=0 with fault and what.
#pragma once
#include "lib/ipc/frame.h"
#include "lib/queue/runner.h"

namespace jd {

ipc::Message queue_admin(queue::Runner& runner, const ipc::Message& request);

}  // namespace jd
