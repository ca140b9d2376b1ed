// SPDX-License-Identifier: MIT
#include "lib/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"

namespace jd::net {

Result<Fd> listen_on(const Address& at, unsigned mode) {
  Fd fd(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno(errno, "cannot make a socket for {}", at.text());
  int on = 1;
  if (at.is_unix()) {
    std::string path = at.text().substr(5);
    Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    struct stat st{};
    // A file that is no socket refuses connections too, and must not be removed.
    if (::lstat(path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode) &&
        ::connect(probe.get(), at.data(), at.size()) < 0 && errno == ECONNREFUSED)
      ::unlink(path.c_str());
  } else {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(fd.get(), at.data(), at.size()) < 0) {
    int e = errno;
    const char* todo = e == EADDRINUSE ? "; another program has it: `ss -ltnp` shows which"
                       : e == EACCES ? "; ports below 1024 need root" : "";
    return Unexpected(Error(fault_of_errno(e), fmt::format("cannot listen on {}: {}{}", at.text(), errno_text(e), todo), e));
  }
  // Nobody connects before listen(), so the mode is never wider than asked.
  if (at.is_unix() && ::chmod(at.text().substr(5).c_str(), mode) < 0)
    return fail_errno(errno, "cannot set the mode of {}", at.text());
  if (::listen(fd.get(), 1024) < 0) return fail_errno(errno, "cannot listen on {}", at.text());
  return fd;
}

Listener::Listener(Loop& loop, Fd socket, std::function<void(Fd, const Address&)> accepted)
    : loop_(loop), socket_(std::move(socket)), spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      accepted_(std::move(accepted)), watch_(loop, [this](uint32_t) { accept(false); }),
      pause_(loop, [this] {
        (void)start();  // what failed once may work a second later
        accept(true);
      }),
      address_(Address::local_of(socket_.get())) {
  if (!spare_) spare_ = Fd(::dup(socket_.get()));
}

Listener::~Listener() {
  if (gone_) *gone_ = true;
}

Status Listener::start() {
  int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  rlimit files{};
  if (reserve_ > 0 && ::getrlimit(RLIMIT_NOFILE, &files) == 0) last_ = files.rlim_cur - std::min<uint64_t>(reserve_, files.rlim_cur / 4);
  return watch_.start(socket_.get(), EPOLLIN | EPOLLEXCLUSIVE);
}

void Listener::stop() {
  pause_.stop();
  watch_.stop();
  socket_.reset();
}

// The lowest free number is given out: a high one means that as many are in use.
bool Listener::is_full() const {
  if (is_full_ && is_full_()) return true;
  if (last_ == UINT64_MAX) return false;
  Fd probe(::fcntl(spare_.get(), F_DUPFD_CLOEXEC, 0));
  return !probe || static_cast<uint64_t>(probe.get()) >= last_;
}

void Listener::turn_away(Fd fd, const char* why) {
  if (!logged_ || monotonic() - *logged_ >= seconds(1)) {
    if (is_full_ && is_full_()) log::warn("too_many_connections", {{"at", address_.text()}});
    else log::error("out_of_descriptors", {{"at", address_.text()}, {"what", why}});
    logged_ = monotonic();
  }
  if (fd && ::send(fd.get(), text_.data(), text_.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;  // gone already
}

void Listener::accept(bool overdue) {
  bool full = is_full();
  if (full && !overdue) {
    watch_.stop();
    pause_.start(milliseconds(50));
    return;
  }
  for (int i = 0; i < 64 && socket_; i++) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Fd fd(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd && full) {
      turn_away(std::move(fd), "the rest is for the connections that stand");
      continue;
    }
    if (fd) {
      bool gone = false;
      uint64_t next = static_cast<uint64_t>(fd.get()) + 1;
      gone_ = &gone;
      auto call = std::move(accepted_);
      call(std::move(fd), Address::from(reinterpret_cast<sockaddr*>(&from), size));
      if (gone) return;
      accepted_ = std::move(call);
      gone_ = nullptr;
      if (next >= last_ || (is_full_ && is_full_())) return;  // asked anew in the next turn
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      auto what = errno_text(errno);
      spare_.reset();  // take one and close it, so that its client learns at once
      turn_away(Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)), what.c_str());
      spare_ = Fd(::dup(socket_.get()));
      watch_.stop();
      pause_.start(seconds(1));
    }
    return;
  }
}

}  // namespace jd::net
