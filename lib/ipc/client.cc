// SPDX-License-Identifier: MIT
#include "lib/ipc/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/address.h"

namespace jd::ipc {
namespace {
Unexpected down(const std::string& service, const std::string& path, const std::string& why, int sys = 0) {
  return Unexpected(Error(Fault::temp, fmt::format("{} does not answer on {}: {}", service, path, why), sys));
}

Result<Fd> connect_to(const std::string& service, const std::string& path, int flags) {
  TRY(net::Address at, net::Address::parse("unix:" + path));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail_errno(errno, "cannot make a socket");
  if (::connect(fd.get(), at.data(), at.size()) < 0) return down(service, path, errno_text(errno), errno);
  return fd;
}
}  // namespace

AsyncClient::AsyncClient(net::Loop& loop, std::string service, std::string path, std::size_t max_payload)
    : loop_(loop), service_(std::move(service)), path_(std::move(path)), max_payload_(max_payload),
      expiry_(loop, [this] { expire(); }) {}
AsyncClient::~AsyncClient() = default;

Status AsyncClient::connect() {
  if (is_connected()) return {};
  TRY(Fd fd, connect_to(service_, path_, SOCK_NONBLOCK));
  channel_ = std::make_unique<Channel>(loop_, [this](Message m) { answered(std::move(m)); },
                                       [this](const std::string& why) { broken(why); }, max_payload_);
  CHECK(channel_->open(std::move(fd)));
  if (connected_) connected_();
  return {};
}

uint64_t AsyncClient::request(Message m, Answer answer, Span within) {
  uint64_t id = ++last_id_;
  Status up = connect();
  waiting_[id] = {std::move(answer), monotonic() + within};
  if (!up) {
    loop_.post([this, id, e = up.error(), alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      auto i = waiting_.find(id);
      if (i == waiting_.end()) return;
      auto call = std::move(i->second.answer);
      waiting_.erase(i);
      call(Unexpected(e));
    });
    return id;
  }
  m.replace("id", fmt::format("{}", id));
  channel_->send(m);
  Time until = monotonic() + within;
  if (!expiry_.is_running() || until < expiry_.due()) expiry_.start_at(until);
  return id;
}

void AsyncClient::answered(Message m) {
  auto i = waiting_.find(m.number("id"));
  if (i == waiting_.end()) {
    if (!m.has("id") && other_) other_(std::move(m));
    return;
  }
  auto call = std::move(i->second.answer);
  waiting_.erase(i);
  if (auto e = m.error()) call(Unexpected(*e));
  else call(std::move(m));
}

void AsyncClient::broken(const std::string& why) {
  // The channel is what is calling: it goes at the end of the turn.
  loop_.post([keep = std::shared_ptr<Channel>(std::move(channel_))] {});
  fail_all(down(service_, path_, why).value());
}

void AsyncClient::fail_all(const Error& e) {
  // An answer may cancel others and ask anew: only those of now, and only while they wait.
  std::vector<uint64_t> ids;
  for (auto& [id, w] : waiting_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());  // in the order of asking
  answer_all(ids, e);
}

void AsyncClient::answer_all(const std::vector<uint64_t>& ids, const Error& e) {
  std::weak_ptr<int> alive = alive_;
  for (uint64_t id : ids) {
    auto i = waiting_.find(id);
    if (i == waiting_.end()) continue;
    auto call = std::move(i->second.answer);
    waiting_.erase(i);
    call(Unexpected(e));
    if (alive.expired()) return;
  }
}

void AsyncClient::expire() {
  std::vector<uint64_t> late;
  Time soonest{INT64_MAX};
  for (auto& [id, w] : waiting_) {
    if (w.until <= monotonic()) late.push_back(id);
    else soonest = std::min(soonest, w.until);
  }
  if (soonest.ns != INT64_MAX) expiry_.start_at(soonest);
  answer_all(late, down(service_, path_, "no answer in time", ETIMEDOUT).value());
}

Status BlockingClient::connect() {
  if (fd_) return {};
  TRY(fd_, connect_to(service_, path_, 0));
  in_.clear();
  received_.clear();
  return {};
}

Result<Message> BlockingClient::call(Message m, Span within) {
  bool was_open = static_cast<bool>(fd_);
  m.replace("id", "1");
  auto r = exchange(m, within);
  // A connection that the service closed since (a restart) deserves one more try.
  if (!r && was_open && !fd_ && r.error().sys != ETIMEDOUT) r = exchange(m, within);
  if (!r) return r;
  if (auto e = r->error()) return Unexpected(*e);
  return r;
}

Result<Message> BlockingClient::exchange(const Message& m, Span within) {
  CHECK(connect());
  Time until = monotonic() + within;
  if (auto sent = send_frame(fd_.get(), m); !sent) {
    fd_.reset();
    return down(service_, path_, sent.error().what);
  }
  Decoder decoder(64 << 20);
  for (;;) {
    auto found = decoder.next(in_);
    if (!found) {
      fd_.reset();
      return down(service_, path_, found.error().what);
    }
    if (*found) {
      Message answer = std::move((*found)->message);
      in_.erase(0, (*found)->used);
      uint64_t riding = answer.number("fds");
      if (riding > received_.size()) {
        fd_.reset();
        return down(service_, path_, "its descriptors did not come");
      }
      for (; riding > 0; riding--) {
        answer.fds.push_back(std::move(received_.front()));
        received_.pop_front();
      }
      return answer;
    }
    int64_t left = (until - monotonic()).ms();
    pollfd p{fd_.get(), POLLIN, 0};
    int ready = left > 0 ? ::poll(&p, 1, static_cast<int>(std::min<int64_t>(left, 1 << 30))) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      fd_.reset();
      return down(service_, path_, "no answer in time", ETIMEDOUT);
    }
    char buffer[65536];
    iovec v{buffer, sizeof buffer};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 16)];
    msghdr h{};
    h.msg_iov = &v;
    h.msg_iovlen = 1;
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    ssize_t n = ::recvmsg(fd_.get(), &h, MSG_CMSG_CLOEXEC);
    if (n <= 0) {
      if (n < 0 && errno == EINTR) continue;
      fd_.reset();
      return down(service_, path_, n == 0 ? "closed by the other side" : errno_text(errno));
    }
    for (cmsghdr* c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
        int one;
        memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof one);
        received_.emplace_back(one);
      }
    }
    in_.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace jd::ipc
