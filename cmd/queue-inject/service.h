// SPDX-License-Identifier: MIT
// service.h: run/queue-inject.sock: messages in, durable before the answer.  jdmail-queue(5).
//
//   cmd=inject, the envelope's keys (lib/queue/envelope.h), header=<lines to put before the message>,
//   and the message as the body (at most max_body_bytes), or a descriptor riding along with
//   size=<bytes> [offset=<bytes>]: read with pread(2), copied before the answer.
//   -> ok=1 qid=<queue id>, or ok=0 fault=temp|perm what=<reason>
//   cmd=start domain=<domain, or .domain: with all below>   from jdmail's own programs (ETRN): what waits
//   for that domain is due now -> ok=1 count=<messages>; asked of qrun, eight at a time
// All that arrives in one turn of the loop is one batch: one write and one fdatasync.
// received, size, hops and depth are ours: what a client says there is ignored.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/result.h"
#include "lib/ipc/client.h"
#include "lib/ipc/server.h"
#include "lib/net/loop.h"
#include "lib/queue/file_store.h"
#include "lib/queue/journal.h"

namespace jd {

constexpr std::size_t max_body_bytes = 1 << 20;
constexpr std::size_t max_header_bytes = 64 << 10;

class InjectService {
 public:
  InjectService(const Config& config, const Paths& paths);
  Status listen();  // with full rights
  Status setup();   // opens the queue
  int run();

 private:
  struct Pending {
    ipc::Request request;
    std::string id, from, message_id;
    std::size_t recipients;
    uint64_t bytes;
  };
  void take(ipc::Request r);
  Result<std::string> add(const ipc::Message& m, uint32_t uid, Pending& p);
  Status add_file(const std::string& id, const queue::Envelope& e, const queue::Source& s);
  void commit();
  void nudge();
  void start(ipc::Request r);
  void go_on(std::shared_ptr<ipc::Request> r, ipc::Message order);
  bool is_trusted(uint32_t uid) const;
  void stop();

  Config config_;
  Paths paths_;
  net::Loop loop_;
  net::Task commit_task_;
  net::Timer nudge_timer_, spare_timer_;
  ipc::Server server_;
  ipc::AsyncClient qrun_, orders_;
  unsigned starting_ = 0;
  std::optional<queue::FileStore> store_;
  std::optional<queue::JournalWriter> journal_;
  std::vector<Pending> batch_;
  bool has_new_files_ = false, is_nudging_ = false;
  Time last_nudge_;
  queue::JournalPosition told_;
  std::vector<uint32_t> trusted_;  // uids of jdmail's own programs
};

}  // namespace jd
