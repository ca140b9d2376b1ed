// SPDX-License-Identifier: MIT
// parked.cc: the sessions that no process has: what they wait for, and who is told what changed.
#include <errno.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include <algorithm>

#include "cmd/sessiond/sessions_parts.h"
#include "lib/base/log.h"
#include "lib/imap/park.h"

namespace jd {
namespace {
constexpr Span pace = milliseconds(100);   // between two rounds of telling one user's sessions
constexpr Span patience = seconds(2);      // with a session that does not take what it is told
}  // namespace

Sessions::Parked& Sessions::park(Worker& w, ipc::Message& m) {
  User& u = w.user;
  Parked& p = *u.parked.emplace_back(std::make_unique<Parked>(*this, u));
  p.connection = std::move(m.fds[0]);
  p.path = w.path;
  p.trace = w.trace;
  p.quota = w.quota;
  p.state = m.get("state");
  if (m.get("how") == "look") p.told_at = monotonic();
  p.is_idling = m.number("idling") != 0;
  p.deadline.start_at(Time{static_cast<int64_t>(m.number("deadline"))});
  settle(p, w.changes);
  return p;
}

// From here on it is watched.  known: the count of the user's changes that the session has seen.
void Sessions::settle(Parked& p, uint64_t known) {
  User& u = p.user;
  if (p.is_idling) {
    bool is_new = false;
    p.must_stay = !watch(u, p.path, is_new);
    // What came between the session's last look and our watch.
    p.is_wanted = is_new || u.changes != known;
  }
  if (auto r = p.watch.start(p.connection.get(), EPOLLIN | EPOLLRDHUP); !r) p.must_stay = true;
  if (p.must_stay) p.is_wanted = false;  // it goes to a process at once
}

void Sessions::resume(Parked& p, Job::How how) {
  Job job;
  job.address = p.user.address;
  job.path = p.path;
  job.protocol = "imap";
  job.trace = p.trace;
  job.state = p.state;
  job.access = p.user.access;
  job.quota = p.quota;
  job.how = how;
  job.may_park = !p.must_stay;
  p.watch.stop();
  Fd connection = std::move(p.connection);
  if (auto r = dispatch(p.user, job, connection); !r) {
    log::failure("session_failed", r.error(), {{"user", job.address}});
    p.connection = std::move(connection);
    return over(p, "* BYE the mailbox is not available now; try again later\r\n", "no process");
  }
  drop(p);
}

void Sessions::readable(Parked& p) {
  char byte;
  ssize_t n = ::recv(p.connection.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) return resume(p, Job::How::resume);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  over(p, "", "gone");
}

void Sessions::late(Parked& p) { over(p, "* BYE idle for too long\r\n", "idle for too long"); }

void Sessions::over(Parked& p, std::string_view bye, std::string_view why) {
  // One that does not take even this has not listened for long.
  if (!bye.empty() && ::send(p.connection.get(), bye.data(), bye.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) why = "gone";
  log::Trace t(p.trace);
  log::info("session_ended", {{"user", p.user.address}, {"protocol", "imap"}, {"why", why}});
  User& u = p.user;
  u.sessions--;
  drop(p);
  forget(u);
}

void Sessions::drop(Parked& p) {
  User& u = p.user;
  auto i = std::find_if(u.parked.begin(), u.parked.end(), [&](auto& x) { return x.get() == &p; });
  p.watch.stop();
  p.deadline.stop();
  p.connection.reset();
  loop_.post([keep = std::shared_ptr<Parked>(std::move(*i))] {});  // it may be what is calling
  u.parked.erase(i);
  relax(u);
}

// One that is being told what changed comes back, and would take a watch that is new for a change: it would never rest.
void Sessions::relax(User& u) {
  if (u.looking || std::any_of(u.parked.begin(), u.parked.end(), [](auto& x) { return x->is_idling; })) return;
  unwatch(u);
}

void Sessions::unwatch(User& u) {
  if (u.watch < 0) return;
  ::inotify_rm_watch(inotify_.get(), u.watch);
  watched_.erase(u.watch);
  u.watch = -1;
}

// false: the kernel has no watches left, or no inotify.
bool Sessions::watch(User& u, const std::string& path, bool& is_new) {
  if (u.watch >= 0) return true;
  if (!inotify_) {
    inotify_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_ || !inotify_watch_.start(inotify_.get(), EPOLLIN)) {
      inotify_.reset();
      return false;
    }
  }
  std::string box = mail_ + "/" + path + "/box";
  int wd = ::inotify_add_watch(inotify_.get(), box.c_str(), imap::changes_mask);
  if (wd < 0) {
    log::warn("imap_no_watch", {{"what", errno_text(errno)}});
    return false;
  }
  is_new = true;
  u.watch = wd;
  watched_[wd] = &u;
  return true;
}

void Sessions::changes() {
  alignas(inotify_event) char buffer[16 << 10];
  ssize_t n;
  while ((n = ::read(inotify_.get(), buffer, sizeof buffer)) > 0) {
    for (char* p = buffer; p < buffer + n;) {
      auto* e = reinterpret_cast<inotify_event*>(p);
      p += sizeof(inotify_event) + e->len;
      if (e->mask & IN_Q_OVERFLOW) {
        std::vector<User*> all;
        for (auto& [wd, u] : watched_) all.push_back(u);
        for (User* u : all) changed(*u);
      } else if (auto i = watched_.find(e->wd); i != watched_.end()) {
        User& u = *i->second;
        if (e->mask & IN_IGNORED) {  // the directory is gone: the sessions will find out
          u.watch = -1;
          watched_.erase(i);
        }
        changed(u);
      }
    }
  }
}

void Sessions::changed(User& u) {
  u.changes++;
  for (auto& p : u.parked) p->is_wanted = p->is_wanted || p->is_idling;
  look(u);
}

// One after the other, so that a user with fifty sessions needs no fifty processes.
void Sessions::look(User& u) {
  if (is_ending_) return;
  Parked* next = nullptr;
  for (auto& p : u.parked)
    if (p->is_wanted && (!next || p->told_at < next->told_at)) next = p.get();
  if (!next) return;
  Time at = monotonic();
  Time due = u.looking ? u.looking_since + patience : next->told_at + pace;
  if (at < due) {
    if (!u.pace.is_running() || u.pace.due() > due) u.pace.start_at(due);
    return;
  }
  u.looking_since = at;
  resume(*next, Job::How::look);
}

}  // namespace jd
