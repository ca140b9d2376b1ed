// SPDX-License-Identifier: MIT
// server.h: a service on a Unix socket: requests in, answers out, in any order.
//
//   Server s(loop, "directoryd", [](Request r) { ... r.reply(Message::ok()); });
//   s.listen(path, mode)
// A Request may be kept and answered later; answering one whose peer is gone does nothing.  One that
// is dropped without an answer is answered by a bug fault.  Peers are known by SO_PEERCRED.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/frame.h"
#include "lib/net/listener.h"

namespace jd::ipc {

class Server;

class Request {
 public:
  Request(Request&&) = default;
  Request& operator=(Request&&) = default;
  ~Request();
  Message message;
  std::string_view cmd() const { return message.get("cmd"); }
  uint32_t uid() const;
  int32_t pid() const;  // as it connected; for logs: numbers are used again
  uint64_t peer() const;  // a number for the connection: things said once per connection hang on it
  void reply(Message answer);
  void forget() { peer_.reset(); }  // one that expects no answer (it has no id)
  void reply(const Error& e) { reply(Message::failed(e)); }
  void reply(const Status& s) { s ? reply(Message::ok()) : reply(s.error()); }

 private:
  friend class Server;
  struct Peer;
  explicit Request(Message m, std::shared_ptr<Peer> peer) : message(std::move(m)), peer_(std::move(peer)) {}
  std::shared_ptr<Peer> peer_;
};

class Server {
 public:
  Server(net::Loop& loop, std::function<void(Request)> handler, std::size_t max_payload = 4 << 20);
  ~Server();
  // With full rights: the socket is made; root's is given to `group` members by mode.
  Status listen(const std::string& path, unsigned mode);
  // A peer with another uid than 0, ours, or one of these is sent away.  Empty: anybody.
  void allow(std::vector<uint32_t> uids) { allowed_ = std::move(uids); restricted_ = true; }
  void on_gone(std::function<void(uint64_t peer)> call) { gone_ = std::move(call); }
  // What was answered so far leaves now, not at the end of the turn, before other work of this one.
  void send_now();
  void stop();  // no new connections
  std::size_t connections() const { return peers_.size(); }

 private:
  void accept(Fd fd);
  net::Loop& loop_;
  std::function<void(Request)> handler_;
  std::function<void(uint64_t)> gone_;
  std::size_t max_payload_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::list<std::shared_ptr<Request::Peer>> peers_;
  std::vector<uint32_t> allowed_;
  bool restricted_ = false;
  uint64_t last_peer_ = 0;
};

}  // namespace jd::ipc
