// SPDX-License-Identifier: MIT
#include "lib/ipc/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"

namespace jd::ipc {

struct Request::Peer {
  uint64_t number = 0;
  uint32_t uid = 0;
  int32_t pid = 0;
  std::unique_ptr<Channel> channel;
};

Request::~Request() {
  if (peer_) reply(Error(Fault::bug, "the request was not answered"));
}
uint32_t Request::uid() const { return peer_ ? peer_->uid : UINT32_MAX; }
int32_t Request::pid() const { return peer_ ? peer_->pid : 0; }
uint64_t Request::peer() const { return peer_ ? peer_->number : 0; }

void Request::reply(Message answer) {
  auto peer = std::move(peer_);
  if (!peer || !peer->channel || !peer->channel->is_open()) return;
  if (message.has("id")) answer.replace("id", message.get("id"));
  peer->channel->send(answer);
}

Server::Server(net::Loop& loop, std::function<void(Request)> handler, std::size_t max_payload)
    : loop_(loop), handler_(std::move(handler)), max_payload_(max_payload) {}

Server::~Server() {
  for (auto& p : peers_) p->channel.reset();
}

Status Server::listen(const std::string& path, unsigned mode) {
  TRY(net::Address at, net::Address::parse("unix:" + path));
  TRY(Fd fd, net::listen_on(at, mode));
  auto l = std::make_unique<net::Listener>(loop_, std::move(fd), [this](Fd c, const net::Address&) { accept(std::move(c)); });
  CHECK(l->start());
  listeners_.push_back(std::move(l));
  return {};
}

void Server::send_now() {
  auto peers = peers_;  // one whose connection turns out to be broken leaves the list
  for (auto& p : peers)
    if (p->channel) p->channel->flush();
}

void Server::stop() { listeners_.clear(); }

void Server::accept(Fd fd) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) < 0) return;
  if (restricted_ && who.uid != 0 && who.uid != ::getuid() && std::find(allowed_.begin(), allowed_.end(), who.uid) == allowed_.end()) {
    log::warn("peer_refused", {{"uid", who.uid}, {"pid", who.pid}});
    return;
  }
  auto peer = std::make_shared<Request::Peer>();
  peer->number = ++last_peer_;
  peer->uid = who.uid;
  peer->pid = who.pid;
  auto* raw = peer.get();
  std::weak_ptr<Request::Peer> weak = peer;
  peer->channel = std::make_unique<Channel>(
      loop_,
      [this, weak](Message m) {
        auto p = weak.lock();
        if (!p) return;
        Request r(std::move(m), p);
        if (r.message.has("version") && r.message.get("version") != "1")
          return r.reply(Error(Fault::usage, "this program speaks version 1"));
        handler_(std::move(r));
      },
      [this, raw](const std::string&) {
        uint64_t number = raw->number;
        // The channel is what is calling: it goes at the end of the turn.
        auto i = std::find_if(peers_.begin(), peers_.end(), [&](auto& p) { return p.get() == raw; });
        if (i != peers_.end()) {
          loop_.post([keep = *i] {});
          peers_.erase(i);
        }
        if (gone_) gone_(number);
      },
      max_payload_);
  if (auto r = peer->channel->open(std::move(fd)); !r) {
    log::failure("peer_lost", r.error());
    return;
  }
  peers_.push_back(std::move(peer));
}

}  // namespace jd::ipc
