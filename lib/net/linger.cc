// SPDX-License-Identifier: MIT
#include "lib/net/linger.h"

#include <errno.h>
#include <sys/socket.h>

namespace jd::net {
namespace {
constexpr Span patience = seconds(2);
constexpr std::size_t most = 256;  // descriptors that may be held for this
}  // namespace

struct Lingering::One {
  One(Lingering& all, Loop& l, Fd s)
      : loop(l),
        socket(std::move(s)),
        watch(l, [this, &all](uint32_t) { if (!drop_input()) all.end(socket.get()); }),
        late(l, [this, &all] { all.end(socket.get()); }) {}
  bool drop_input();
  Loop& loop;
  Fd socket;
  Watch watch;
  Timer late;
};

// False: the peer has ended too, or is gone.
bool Lingering::One::drop_input() {
  for (int i = 0; i < 8; i++) {  // the rest is for the next turn
    ssize_t n = ::recv(socket.get(), loop.scratch(), Loop::scratch_bytes, MSG_DONTWAIT);
    if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
  }
  return true;
}

Lingering::Lingering(Loop& loop) : loop_(loop) {}
Lingering::~Lingering() = default;

void Lingering::take(Fd socket) {
  if (::shutdown(socket.get(), SHUT_WR) < 0) return;
  auto one = std::make_unique<One>(*this, loop_, std::move(socket));
  if (!one->drop_input() || all_.size() >= most) return;
  if (!one->watch.start(one->socket.get(), EPOLLIN)) return;
  one->late.start(patience);
  int fd = one->socket.get();
  all_[fd] = std::move(one);
}

void Lingering::end(int fd) { all_.erase(fd); }

}  // namespace jd::net
