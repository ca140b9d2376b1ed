// SPDX-License-Identifier: MIT
// handover.cc: a reload: what one generation of sessiond has, the next one gets, over run/sessiond.next.
//
//   old: SIGHUP ─> a child that has nothing but the connections, and this socket; the old one ends
//   new: starts ─> connects ─> hears it all before it takes new sessions, so that limits stay exact
// parked: address path trace quota access idling deadline state, the connection riding along
// worker: address path protocol trace quota access pid, sessiond's end of the socket riding along
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/sessiond/sessions_parts.h"
#include "lib/base/log.h"
#include "lib/net/address.h"

namespace jd {
namespace {
constexpr Span patience = seconds(60);

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 0;
  for (int fd : kept) {
    auto here = static_cast<unsigned>(fd);
    if (here > from) ::syscall(SYS_close_range, from, here - 1, 0u);
    from = here + 1;
  }
  ::syscall(SYS_close_range, from, ~0u, 0u);
}
}  // namespace

Result<Fd> Sessions::take_over(const std::string& path) {
  TRY(net::Address at, net::Address::parse("unix:" + path));
  Fd old(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!old) return fail_errno(errno, "cannot make a socket");
  if (::connect(old.get(), at.data(), at.size()) == 0) {
    for (;;) {
      auto m = receive_packet(old.get());
      if (!m || !*m) break;
      if ((*m)->fds.size() == 1) adopt(**m);
    }
  }
  ::unlink(path.c_str());
  Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  mode_t before = ::umask(0177);
  bool stands = listener && ::bind(listener.get(), at.data(), at.size()) == 0 && ::listen(listener.get(), 1) == 0;
  ::umask(before);
  if (!stands) return fail_errno(errno, "cannot listen on {}", path);
  return listener;
}

void Sessions::adopt(ipc::Message& m) {
  User& u = user(std::string(m.get("address")));
  u.sessions++;
  u.access = m.get("access");
  if (m.get("cmd") == "parked") {
    Parked& p = *u.parked.emplace_back(std::make_unique<Parked>(*this, u));
    p.connection = std::move(m.fds[0]);
    p.path = m.get("path");
    p.trace = m.get("trace");
    p.quota = Quota::parse(m.get("quota"));
    p.state = m.get("state");
    p.is_idling = m.number("idling") != 0;
    p.deadline.start_at(Time{static_cast<int64_t>(m.number("deadline"))});
    settle(p, u.changes);
    p.is_wanted = p.is_idling && !p.must_stay;  // nobody looked in between
    return;
  }
  auto made = std::make_unique<Worker>(*this, u);
  Worker& w = *made;
  w.pid = static_cast<pid_t>(m.number("pid"));
  w.path = m.get("path");
  w.control = std::move(m.fds[0]);
  w.is_old = w.is_busy = true;
  w.protocol = m.get("protocol");
  w.access = m.get("access");
  w.trace = m.get("trace");
  w.quota = Quota::parse(m.get("quota"));
  workers_[&w] = std::move(made);
  u.workers++;
  if (auto r = w.watch.start(w.control.get(), EPOLLIN); !r) log::failure("worker_not_watched", r.error(), {{"user", u.address}});
}

void Sessions::look_at_adopted() {
  std::vector<User*> all;
  for (auto& [address, u] : users_) all.push_back(u.get());
  for (User* u : all) {
    std::vector<Parked*> stay;
    for (auto& p : u->parked)
      if (p->must_stay) stay.push_back(p.get());
    for (Parked* p : stay) resume(*p, Job::How::resume);
    look(*u);
  }
}

void Sessions::hand_over(Fd listener) {
  while (!lingering_.empty()) gone(*lingering_.front());
  if (workers_.empty() && users_.empty()) return;
  pid_t pid = ::fork();
  if (pid < 0) return log::error("sessions_not_handed_over", {{"what", errno_text(errno)}});
  if (pid > 0) return;
  std::vector<int> kept{2, listener.get()};
  for (auto& [address, u] : users_)
    for (auto& p : u->parked) kept.push_back(p->connection.get());
  for (auto& [raw, w] : workers_) kept.push_back(w->control.get());
  close_all_but(kept);
  pollfd p{listener.get(), POLLIN, 0};
  Fd next;
  if (::poll(&p, 1, static_cast<int>(patience.ms())) == 1) next = Fd(::accept(listener.get(), nullptr, nullptr));
  auto give = [&](ipc::Message m, Fd& fd) {
    m.fds.push_back(std::move(fd));
    if (!next || !send_packet(next.get(), m)) fd = std::move(m.fds[0]);
  };
  for (auto& [address, u] : users_) {
    for (auto& k : u->parked) {
      ipc::Message m("parked");
      m.set("address", address).set("path", k->path).set("trace", k->trace).set("quota", k->quota.text()).set("state", k->state);
      m.set("access", u->access);
      give(std::move(m.set("idling", uint64_t{k->is_idling}).set("deadline", static_cast<uint64_t>(k->deadline.due().ns))), k->connection);
    }
  }
  for (auto& [raw, w] : workers_) {
    ipc::Message m("worker");
    m.set("address", w->user.address).set("path", w->path).set("protocol", w->protocol).set("trace", w->trace).set("access", w->access);
    give(std::move(m.set("quota", w->quota.text()).set("pid", static_cast<uint64_t>(w->pid))), w->control);
  }
  ::_exit(0);  // what nobody took ends here
}

}  // namespace jd
