// SPDX-License-Identifier: MIT
// agents.h: qrun's talk with directoryd, the two delivery agents and queue-inject.
//
// lib/queue/agent.h says what is said; lib/ipc carries it.  An agent that is away is tried again
// each second.  A local delivery whose answer was lost with the connection is given again, marked as
// a replay; a remote one counts as a temporary failure.
#pragma once
#include <functional>
#include <unordered_set>

#include "lib/base/config.h"
#include "lib/directory/client.h"
#include "lib/ipc/client.h"
#include "lib/net/loop.h"
#include "lib/queue/runner.h"

namespace jd {

// What qrun asks of the directory: where mail for an address goes.
class Router {
 public:
  virtual ~Router() = default;
  // May call back inside.  temp: ask later.
  virtual void resolve(const std::string& address, std::function<void(Result<queue::Resolution>)> done) = 0;
  virtual void forward(const std::string& from, const std::string& by, std::function<void(Result<std::string>)> done) = 0;
  virtual void mailbox_full(const std::string& account, uint64_t bytes) = 0;
};

class DirectoryRouter : public Router {
 public:
  DirectoryRouter(net::Loop& loop, const Paths& paths)
      : client_(loop, paths.run, paths.socket("directory")) {}
  void resolve(const std::string& address, std::function<void(Result<queue::Resolution>)> done) override;
  void forward(const std::string& from, const std::string& by, std::function<void(Result<std::string>)> done) override {
    client_.forward(from, by, std::move(done));
  }
  void mailbox_full(const std::string& account, uint64_t bytes) override { client_.report_full(account, bytes); }

 private:
  directory::Client client_;
};

class Agents : public queue::Outside {
 public:
  // work: called after answers, to have the Runner pump at the end of the turn.
  Agents(net::Loop& loop, const Paths& paths, Router& router, std::function<void()> work);
  void set_runner(queue::Runner* r) { runner_ = r; }
  void connect();  // those that are away; once per second

  void resolve(uint64_t token, const std::string& address) override;
  void forward(uint64_t token, const std::string& from, const std::string& by) override;
  bool deliver_local(const queue::LocalDelivery& d, const queue::Message& m) override;
  bool deliver_remote(const queue::RemoteDelivery& d, const queue::Message& m) override;
  bool sync_store() override;
  void forget_segment(uint32_t number) override;
  void inject(uint64_t token, const queue::Report& r) override;
  void mailbox_full(const std::string& account, uint64_t bytes) override { router_.mailbox_full(account, bytes); }

 private:
  bool is_local_there();
  void local_answer(uint64_t token, Result<ipc::Message> r);
  void remote_answer(uint64_t id, Result<ipc::Message> r);

  Router& router_;
  ipc::AsyncClient local_, remote_, inject_;
  std::function<void()> work_;
  queue::Runner* runner_ = nullptr;
  std::unordered_set<uint32_t> told_segments_;  // on the local agent's connection
};

}  // namespace jd
