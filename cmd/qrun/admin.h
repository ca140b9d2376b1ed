// SPDX-License-Identifier: MIT
// admin.h: run/qrun-admin.sock, what jdctl asks of the queue.  Root and jdqueue only.
//
//   cmd=queue verb=list|count|show|hold|release|retry|delete|redirect
//        and the keys of a Selection (selection.h), dry=1, limit, to (of redirect)
//        -> matched done failed skipped bytes active deferred hold new oldest,
//           fault (a queue id) and why, in pairs,
//           items, each beginning with qid: state from user rcpt... recipients size attempts received due reason
//           (show: of the message: the envelope's keys, per recipient n status code host text, per attempt
//           attempt (its time) to fate code host text; the body: its header; with body=1 a descriptor rides
//           along, offset and length in it are the message's)
//        more=<token>: not over yet; the counts are so far, the items are new ones
//   cmd=more token          goes on with it.  Who does not ask ends the order where it stands.
//   cmd=limit destination [max] [rate] [frozen]   * : max for all; 0 takes a destination's own back; what
//        is not said stays
//   cmd=destinations    each beginning with name: active window max waiting dead frozen rate
//   cmd=stats           counts; flows per second; latency_p50_ms ...; bucket_ms bucket_count: deliveries
//        that took at most so long; deferral_code deferral_code_count, deferral_to, bounce_code, bounce_to:
//        the most frequent
//   cmd=drain on=1|0: start nothing new; active=0 in stats: drained
// Times are seconds since 1970.  Answers ok=1 or ok=0 with fault and what.
//
// An order is worked on for some milliseconds per turn of the loop, and answered at least once per
// second, so that a caller that is gone does not leave it running.
#pragma once
#include <list>
#include <memory>
#include <optional>

#include "lib/ipc/server.h"
#include "lib/net/loop.h"
#include "lib/queue/operation.h"

namespace jd {

class QueueAdmin {
 public:
  // work: something became due.
  QueueAdmin(net::Loop& loop, std::function<void()> work);
  void set_runner(queue::Runner* r) { runner_ = r; }
  void take(ipc::Request r);

 private:
  struct Running {
    uint64_t token;
    std::unique_ptr<queue::Operation> operation;
    std::optional<ipc::Request> request;  // being answered; none: the caller is to ask for more
    Time answer_by, last_asked;
    bool census = false;  // of stats
  };
  void begin(ipc::Request r);
  void go_on(ipc::Request r);
  void turn();
  void answer(Running& r, const Status& s);
  void stats(ipc::Request r);
  ipc::Message stats_answer() const;
  ipc::Message direct(const ipc::Message& q);

  std::function<void()> work_;
  net::Task task_;
  queue::Runner* runner_ = nullptr;
  std::list<Running> running_;
  uint64_t last_token_ = 0;
  queue::Operation::Tally census_;
  Time census_at_;  // monotonic(); 0: never
};

}  // namespace jd
