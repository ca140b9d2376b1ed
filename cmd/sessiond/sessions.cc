// SPDX-License-Identifier: MIT
#include "cmd/sessiond/sessions.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/sessiond/sessions_parts.h"
#include "cmd/sessiond/worker.h"
#include "lib/base/log.h"
#include "lib/directory/access.h"

namespace jd {
namespace {
constexpr Span linger = seconds(10);
constexpr std::size_t max_lingering = 400;  // a quarter of a megabyte each

// Tests do not want to wait.
Span park_after() {
  const char* s = ::getenv("JDMAIL_PARK_AFTER");
  return (s ? to_span(s) : std::nullopt).value_or(seconds(5));
}

uint64_t inode_of(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}
}  // namespace

Sessions::Sessions(net::Loop& loop, const Config& config, std::string mail_directory, sandbox::CallFilter filter)
    : loop_(loop), config_(config), mail_(std::move(mail_directory)), filter_(std::move(filter)),
      linger_timer_(loop, [this] { end_lingering(); }), inotify_watch_(loop, [this](uint32_t) { changes(); }) {}
Sessions::~Sessions() = default;

Sessions::User& Sessions::user(const std::string& address) {
  auto& u = users_[address];
  if (!u) {
    u = std::make_unique<User>(*this);
    u->address = address;
  }
  return *u;
}

void Sessions::forget(User& u) {
  if (u.sessions || u.workers) return;
  unwatch(u);
  users_.erase(std::string(u.address));
}

Status Sessions::begin(const Job& job, Fd connection) {
  User& u = user(job.address);
  if (u.sessions >= config_.sessions_per_user) {
    log::warn("session_refused", {{"user", job.address}, {"what", "too many sessions"}, {"limit", config_.sessions_per_user}});
    forget(u);
    return Unexpected(Error(Fault::temp, "too many sessions of this user", EUSERS));
  }
  u.sessions++;
  if (!job.access.empty()) u.access = job.access;
  if (auto r = dispatch(u, job, connection); !r) {
    u.sessions--;
    forget(u);
    return r;
  }
  return {};
}

// To a worker that waits, else to a new one; on failure the connection is still the caller's.
Status Sessions::dispatch(User& u, const Job& job, Fd& connection) {
  uint64_t inode = u.idle.empty() ? 0 : inode_of(mail_ + "/" + job.path);
  while (!u.idle.empty()) {
    Worker& w = *u.idle.back();
    // The account may have been removed and made again, or be elsewhere now; others may share with it
    // what they did not before, or not any more.
    bool is_fit = w.path == job.path && w.inode == inode && (job.access.empty() || w.access == job.access);
    if (is_fit) {
      ipc::Message m = job.message();
      m.fds.push_back(std::move(connection));
      if (send_packet(w.control.get(), m, MSG_DONTWAIT)) {
        lingering_.erase(w.place);
        u.idle.pop_back();
        set_busy(w, job);
        return {};
      }
      connection = std::move(m.fds[0]);
    }
    gone(w);
  }
  return start(u, job, connection);
}

Status Sessions::start(User& u, const Job& job, Fd& connection) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return fail_errno(errno, "cannot begin a session");
  Fd ours(pair[0]), theirs(pair[1]);
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot begin a session");
  if (pid == 0) work({config_, mail_, filter_, park_after()}, job, connection.get(), theirs.get());
  connection.reset();
  children_[pid] = job.address;
  auto made = std::make_unique<Worker>(*this, u);
  Worker& w = *made;
  w.pid = pid;
  w.path = job.path;
  w.access = job.access;
  w.control = std::move(ours);
  workers_[&w] = std::move(made);
  u.workers++;
  set_busy(w, job);
  if (auto r = w.watch.start(w.control.get(), EPOLLIN); !r) log::failure("worker_not_watched", r.error(), {{"user", u.address}});
  return {};
}

void Sessions::set_busy(Worker& w, const Job& job) {
  w.is_busy = true;
  w.is_looking = job.how == Job::How::look;
  w.protocol = job.protocol;
  w.trace = job.trace;
  w.quota = job.quota;
  w.changes = w.user.changes;
  if (w.is_looking) w.user.looking++;
}

void Sessions::hear(Worker& w) {
  auto got = receive_packet(w.control.get(), MSG_DONTWAIT);
  if (!got && got.error().sys == EAGAIN) return;
  if (!got || !*got || !w.is_busy) return gone(w);
  ipc::Message& m = **got;
  if (m.get("cmd") == "shares") return shares(w, m);
  w.inode = m.number("inode");
  if (w.is_looking) w.user.looking--;
  w.is_busy = w.is_looking = false;
  Parked* p = m.get("cmd") == "parked" && m.fds.size() == 1 ? &park(w, m) : nullptr;
  if (!p) w.user.sessions--;
  relax(w.user);
  rest(w);
  if (p && is_ending_) return over(*p, "* BYE shutting down\r\n", "shutting down");
  if (p && p->must_stay) resume(*p, Job::How::resume);
}

// Of its user's own account, or of one into which it may write: of no other is it believed.
void Sessions::shares(Worker& w, const ipc::Message& m) {
  std::string owner(m.get("owner"));
  auto access = directory::Access::parse(w.access);
  bool is_its = owner == w.user.address ||
                std::any_of(access.shared.begin(), access.shared.end(), [&](auto& s) { return s.owner == owner && s.may_write; });
  if (!is_its) return log::error("shares_refused", {{"user", w.user.address}, {"owner", owner}});
  if (on_shares_) on_shares_(owner, std::string(m.get("grantees")));
}

// It has no session: it waits for the next, unless somebody waits for it already.
void Sessions::rest(Worker& w) {
  User& u = w.user;
  std::string address = u.address;
  if (is_ending_ || w.is_old) {
    gone(w);
  } else {
    u.idle.push_back(&w);
    w.place = lingering_.insert(lingering_.end(), &w);
    w.idle_since = monotonic();
    if (lingering_.size() > max_lingering) gone(*lingering_.front());
    if (!linger_timer_.is_running() && !lingering_.empty()) linger_timer_.start_at(lingering_.front()->idle_since + linger);
  }
  if (auto i = users_.find(address); i != users_.end()) look(*i->second);
}

// Its end of the socket is closed: it ends, or has ended.
void Sessions::gone(Worker& w) {
  User& u = w.user;
  if (w.is_looking) u.looking--, relax(u);
  if (w.is_busy) {
    u.sessions--;
  } else if (auto i = std::find(u.idle.begin(), u.idle.end(), &w); i != u.idle.end()) {
    u.idle.erase(i);
    lingering_.erase(w.place);
  }
  u.workers--;
  w.watch.stop();
  w.control.reset();
  loop_.post([keep = std::shared_ptr<Worker>(std::move(workers_[&w]))] {});  // it may be what is calling
  workers_.erase(&w);
  forget(u);
}

void Sessions::end_lingering() {
  while (!lingering_.empty() && lingering_.front()->idle_since + linger <= monotonic()) gone(*lingering_.front());
  if (!lingering_.empty()) linger_timer_.start_at(lingering_.front()->idle_since + linger);
}

void Sessions::reap() {
  int status;
  for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    auto i = children_.find(pid);
    if (i == children_.end()) continue;
    if (WIFSIGNALED(status)) log::error("session_died", {{"user", i->second}, {"pid", pid}, {"signal", WTERMSIG(status)}});
    children_.erase(i);
  }
}

void Sessions::end_all() {
  is_ending_ = true;
  for (auto& [address, u] : users_) {
    for (auto& p : u->parked) {
      constexpr std::string_view bye = "* BYE shutting down\r\n";
      (void)::send(p->connection.get(), bye.data(), bye.size(), MSG_DONTWAIT | MSG_NOSIGNAL);  // gone, perhaps
      p->watch.stop();
      p->deadline.stop();
      p->connection.reset();
    }
    u->sessions -= u->parked.size();
    u->parked.clear();
  }
  while (!lingering_.empty()) gone(*lingering_.front());
  for (auto& [raw, w] : workers_)
    if (auto r = send_packet(w->control.get(), ipc::Message("end"), MSG_DONTWAIT); !r) ::kill(w->pid, SIGTERM);
}

void Sessions::kill_all() {
  for (auto& [raw, w] : workers_) ::kill(w->pid, SIGTERM);
}

}  // namespace jd
