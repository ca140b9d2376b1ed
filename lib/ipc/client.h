// SPDX-License-Identifier: MIT
// client.h: asking a service: under a Loop (AsyncClient) or blocking (BlockingClient).
//
// Both connect when needed and again when the connection broke.  A service that is down or silent
// is a temp Error that names it: "directoryd does not answer on run/directory.sock: ...".
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/frame.h"
#include "lib/net/loop.h"

namespace jd::ipc {

class AsyncClient {
 public:
  using Answer = std::function<void(Result<Message>)>;
  AsyncClient(net::Loop& loop, std::string service, std::string path, std::size_t max_payload = 4 << 20);
  ~AsyncClient();
  // answer is called once, never inside request(); not after cancel().  Returns the handle.
  uint64_t request(Message m, Answer answer, Span within = seconds(30));
  void cancel(uint64_t handle) { waiting_.erase(handle); }
  // Called for frames that answer no request of ours.
  void on_other(std::function<void(Message)> call) { other_ = std::move(call); }
  // Called when a new connection stands: what is said once per connection is said now.
  void on_connected(std::function<void()> call) { connected_ = std::move(call); }
  std::size_t waiting() const { return waiting_.size(); }
  bool is_connected() const { return channel_ && channel_->is_open(); }
  Status connect();  // now rather than at the first request

 private:
  struct Waiting { Answer answer; Time until; };
  void answered(Message m);
  void broken(const std::string& why);
  void expire();
  void fail_all(const Error& e);
  void answer_all(const std::vector<uint64_t>& ids, const Error& e);

  net::Loop& loop_;
  std::string service_, path_;
  std::size_t max_payload_;
  std::unique_ptr<Channel> channel_;
  std::unordered_map<uint64_t, Waiting> waiting_;
  std::function<void(Message)> other_;
  std::function<void()> connected_;
  net::Timer expiry_;
  uint64_t last_id_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

class BlockingClient {
 public:
  BlockingClient(std::string service, std::string path) : service_(std::move(service)), path_(std::move(path)) {}
  Result<Message> call(Message m, Span within = seconds(30));  // an answer with ok=0 is its Error

 private:
  Status connect();
  Result<Message> exchange(const Message& m, Span within);
  std::string service_, path_;
  Fd fd_;
  std::string in_;
  std::deque<Fd> received_;
};

}  // namespace jd::ipc
