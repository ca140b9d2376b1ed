// SPDX-License-Identifier: MIT
// run.cc: the loop around a session: read, answer, and while the client idles watch the folders.
#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/fd.h"
#include "lib/base/heap.h"
#include "lib/base/log.h"
#include "lib/base/sandbox.h"
#include "lib/base/stream.h"
#include "lib/imap/park.h"

namespace jd::imap {
namespace {

// How often an idling client's folder is looked at where there is no inotify (or its queue overran).
constexpr Span look_every = seconds(30);
// A client silent for so long keeps only what it needs: most connections are silent for hours.
constexpr Span rest_after = seconds(2);

// So long it may work for who comes next.
constexpr Span derive_at_rest = milliseconds(200), derive_at_end = milliseconds(500);

// The logs of all folders lie in box/; which one changed the session finds out for itself.  with_tree:
// also names, subscriptions and annotations, whose files are the account's own.  Of another's account
// that is selected, always: what the session may do there stands in its list of folders.
Fd watch(const store::Account& own, const store::Account& selected, bool with_tree) {
  Fd w(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  auto add = [&](const std::string& path) { return ::inotify_add_watch(w.get(), path.c_str(), changes_mask) >= 0; };
  bool is_others = &own != &selected;
  bool all = w && add(selected.path() + "/box") && (!is_others || add(selected.path())) && (!is_others || !with_tree || add(own.path() + "/box")) &&
             (!with_tree || add(own.path()));
  if (!all) log::warn("imap_no_watch", {{"what", errno_text(errno)}});
  return w;
}

class Runner {
 public:
  Runner(int in, int out, store::Account& account, const SessionOptions& options, const Parking& parking)
      : in_(in), options_(options), parking_(parking), owner_(options.owner),
        session_(account, options, [out](std::string_view bytes) { return write_stream(out, bytes); }) {}

  Outcome run() {
    deadline_ = monotonic() + options_.idle;
    begin();
    if (parking_.look && give_up()) return outcome_;
    heard();
    while (!session_.is_over() && !outcome_.parked && outcome_.status == 0) turn();
    if (!outcome_.parked) derive(derive_at_end);
    return outcome_;
  }

 private:
  void begin() {
    if (parking_.state.empty()) return session_.start();
    auto r = session_.restore(parking_.state);
    if (!r) {
      bool is_deleted = r.error().sys == ENOENT;
      if (is_deleted) log::info("session_not_resumed", {{"what", r.error().what}});
      else log::failure("session_not_resumed", r.error());
      return session_.bye(is_deleted ? "the selected mailbox was deleted" : "the mailbox has changed too much meanwhile: connect again");
    }
    deadline_ = *r;
    session_.notify();
  }

  void heard() {
    park_at_ = monotonic() + parking_.after;
    rest_at_ = monotonic() + rest_after;
    is_resting_ = false;
  }

  void turn() {
    const store::Account& selected = session_.selected_account();
    if (!session_.is_listening() || session_.is_watching() != with_tree_ || watched_of_ != &selected) watched_.reset();
    if (session_.is_listening() && !watched_) {
      watched_ = watch(session_.account(), *(watched_of_ = &selected), with_tree_ = session_.is_watching());
      session_.notify();  // what came between IDLE's answer and the watch
    }
    Time at = monotonic();
    if (at >= deadline_) return session_.bye("idle for too long");
    pollfd fds[3] = {{in_, POLLIN, 0}, {watched_.get(), POLLIN, 0}, {owner_, POLLIN, 0}};  // -1: none
    int64_t wait = (wake_at(at) - at).ms() + 1;
    int n = ::poll(fds, 3, static_cast<int>(std::min<int64_t>(wait, 1 << 30)));
    if (n < 0 && errno != EINTR) outcome_.status = 111;
    if (n == 0) silence();
    if (n <= 0) return;
    if (fds[2].revents) {
      if (has_bytes(owner_)) return session_.bye("shutting down");
      owner_ = -1;  // gone, and this session goes on without
    }
    if (fds[1].revents) {
      char events[4096];
      while (::read(watched_.get(), events, sizeof events) > 0) {
      }
      session_.notify();
    }
    if (fds[0].revents) read();
  }

  Time wake_at(Time at) const {
    Time t = deadline_;
    if (may_park()) t = std::min(t, park_at_);
    if (!is_resting_) t = std::min(t, rest_at_);
    else if (session_.is_listening()) t = std::min(t, at + look_every);
    return t;
  }

  bool may_park() const { return parking_.after.ns > 0 && owner_ >= 0; }

  void silence() {
    Time at = monotonic();
    if (may_park() && at >= park_at_ && give_up()) return;
    if (at >= park_at_) park_at_ = at + parking_.after;  // not now; later, perhaps
    if (!is_resting_ && at >= rest_at_) {
      derive(derive_at_rest);
      session_.rest();
      heap::give_back();
      is_resting_ = true;
    } else {
      session_.notify();
    }
  }

  // A client that speaks is heard at once.
  void derive(Span most) {
    Time end = monotonic() + most;
    session_.derive([&] {
      pollfd p{in_, POLLIN, 0};
      return monotonic() < end && (session_.is_over() || ::poll(&p, 1, 0) == 0);
    });
  }

  bool give_up() {
    if (session_.is_over()) return false;
    auto state = session_.park(deadline_);
    if (state) outcome_.parked = Parked{std::move(*state), session_.is_listening(), deadline_};
    return outcome_.parked.has_value();
  }

  void read() {
    ssize_t got = ::read(in_, buffer_, sizeof buffer_);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) return session_.log_out();
    if (options_.cpu.ns) sandbox::limit_cpu(options_.cpu);
    session_.feed(std::string_view(buffer_, static_cast<std::size_t>(got)));
    deadline_ = monotonic() + options_.idle;
    heard();
  }

  int in_;
  const SessionOptions& options_;
  const Parking& parking_;
  int owner_;
  Session session_;
  Outcome outcome_;
  Fd watched_;
  Time deadline_{}, park_at_{}, rest_at_{};
  bool is_resting_ = false, with_tree_ = false;
  const store::Account* watched_of_ = nullptr;
  char buffer_[16 << 10];
};

}  // namespace

Outcome run_session(int in, int out, store::Account& account, const SessionOptions& options, const Parking& parking) {
  // To have the memory of each answer anew costs more than the answer; a session that rests gives it back.
  heap::keep_freed();
  return Runner(in, out, account, options, parking).run();
}

int run_session(int in, int out, store::Account& account, const SessionOptions& options) {
  return run_session(in, out, account, options, Parking{}).status;
}

}  // namespace jd::imap
