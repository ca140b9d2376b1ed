// SPDX-License-Identifier: MIT
#include "cmd/smtpd/preface.h"

#include <errno.h>
#include <sys/socket.h>

#include "lib/base/log.h"
#include "lib/net/proxy.h"

namespace jd {

struct Prefaces::One {
  One(Prefaces& all, Fd socket, const net::Address& from, Done call)
      : fd(std::move(socket)), proxy(from), done(std::move(call)), watch(all.loop_, [this, &all](uint32_t) { all.ready(*this); }),
        timer(all.loop_, [this, &all] { all.refuse(*this, "timed out"); }) {}
  Fd fd;
  net::Address proxy;
  Done done;
  net::Watch watch;
  net::Timer timer;
};

Prefaces::Prefaces(net::Loop& loop) : loop_(loop) {}
Prefaces::~Prefaces() = default;

void Prefaces::take(Fd fd, const net::Address& proxy, Done done) {
  int number = fd.get();
  auto one = std::make_unique<One>(*this, std::move(fd), proxy, std::move(done));
  // By edges: what stays in the socket must not wake us again.
  if (!one->watch.start(number, EPOLLIN | EPOLLRDHUP | EPOLLET)) return;
  one->timer.start(seconds(10));
  all_[number] = std::move(one);
}

std::unique_ptr<Prefaces::One> Prefaces::remove(One& one) {
  one.watch.stop();
  one.timer.stop();
  auto node = all_.extract(one.fd.get());
  return std::move(node.mapped());
}

void Prefaces::refuse(One& one, const std::string& why) {
  log::warn("proxy_refused", {{"ip", one.proxy.ip()}, {"what", why}});
  auto gone = remove(one);
  // Destroyed at the end of the turn: its own callback runs.
  loop_.post([held = std::shared_ptr<One>(std::move(gone))] {});
}

void Prefaces::ready(One& one) {
  char bytes[net::max_proxy_header];
  ssize_t n = ::recv(one.fd.get(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return refuse(one, "closed before its PROXY header");
  auto header = net::parse_proxy({bytes, static_cast<std::size_t>(n)});
  if (!header) return refuse(one, header.error().what);
  if (!*header) return;
  std::size_t size = (*header)->size;
  if (::recv(one.fd.get(), bytes, size, MSG_DONTWAIT) != static_cast<ssize_t>(size)) return refuse(one, "its PROXY header is gone");
  auto held = std::shared_ptr<One>(remove(one));
  loop_.post([held, client = (*header)->is_local ? held->proxy : (*header)->client] { held->done(std::move(held->fd), client); });
}

}  // namespace jd
