// SPDX-License-Identifier: MIT
// run.cc: the loop around a session: read, answer, until it is over or silent for too long.
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/sandbox.h"
#include "lib/base/stream.h"
#include "lib/pop3/session.h"
#include "lib/pop3/texts.h"

namespace jd::pop3 {
int run_session(int in, int out, store::Account& account, const SessionOptions& options) {
  Session s(account, options, [out](std::string_view bytes) { return write_stream(out, bytes); });
  s.start();
  std::string buffer(4096, '\0');
  Time deadline = monotonic() + options.idle;
  int owner = options.owner;
  while (!s.is_over()) {
    int64_t left = (deadline - monotonic()).ms();
    if (left <= 0) {
      s.end(texts::idle_too_long);
      break;
    }
    pollfd p[2] = {{in, POLLIN, 0}, {owner, POLLIN, 0}};  // -1: none
    int n = ::poll(p, 2, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (n < 0 && errno != EINTR) return 111;
    if (n <= 0) continue;
    if (p[1].revents) {
      if (has_bytes(owner)) {
        s.end(texts::ended_by_us, "SYS/TEMP");
        break;
      }
      owner = -1;  // gone, and this session goes on without
    }
    if (!p[0].revents) continue;
    ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    if (options.cpu.ns) sandbox::limit_cpu(options.cpu);
    s.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    deadline = monotonic() + options.idle;
  }
  s.note_read();
  return 0;
}

}  // namespace jd::pop3
