// SPDX-License-Identifier: MIT
// run.cc: the loop around a session: read, answer, and while the client idles watch the folders.
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/stream.h"
#include "lib/imap/session.h"

namespace jd::imap {
namespace {

// How often an idling client's folder is looked at where there is no inotify (or its queue overran).
constexpr int64_t look_ms = 30'000;
// A client silent for so long keeps only what it needs: most connections are silent for hours.
constexpr int64_t rest_ms = 2'000;

// The logs of all folders lie in box/; which one changed the session finds out for itself.
Fd watch(const store::Account& account) {
  Fd w(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  std::string box = account.path() + "/box";
  if (!w || ::inotify_add_watch(w.get(), box.c_str(), IN_MODIFY | IN_MOVED_TO) < 0)
    log::warn("imap_no_watch", {{"what", errno_text(errno)}});
  return w;
}

}  // namespace

int run_session(int in, int out, store::Account& account, const SessionOptions& options) {
  Session s(account, options, [out](std::string_view bytes) { return write_stream(out, bytes); });
  s.start();
  Fd watched;
  std::string buffer(16 << 10, '\0');
  Time deadline = monotonic() + options.idle;
  bool is_resting = false;
  while (!s.is_over()) {
    if (s.is_idling() && !watched) {
      watched = watch(account);
      s.notify();  // what came between IDLE's answer and the watch
    }
    if (!s.is_idling()) watched.reset();
    pollfd fds[2] = {{in, POLLIN, 0}, {watched.get(), POLLIN, 0}};
    int64_t left = (deadline - monotonic()).ms();
    if (left <= 0) {
      s.bye("idle for too long");
      break;
    }
    int64_t wait = std::min<int64_t>(left, !is_resting ? rest_ms : s.is_idling() ? look_ms : 1 << 30);
    int n = ::poll(fds, watched ? 2 : 1, static_cast<int>(wait));
    if (n < 0 && errno != EINTR) return 111;
    if (n == 0 && !is_resting) {
      ::malloc_trim(0);
      is_resting = true;
    } else if (n == 0) {
      s.notify();
    }
    if (n <= 0) continue;
    is_resting = false;
    if (fds[1].revents) {
      char events[4096];
      while (::read(watched.get(), events, sizeof events) > 0) {
      }
      s.notify();
    }
    if (!fds[0].revents) continue;
    ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    s.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    deadline = monotonic() + options.idle;
  }
  return 0;
}

}  // namespace jd::imap
