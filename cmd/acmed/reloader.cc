// SPDX-License-Identifier: MIT
#include "cmd/acmed/reloader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/sandbox.h"
#include "lib/base/text.h"

namespace jd {
namespace {
// The process that holds the lock; 0: nobody does, the number in it is an old one.
pid_t holder(const std::string& path) {
  auto fd = file::open(path, O_RDWR);
  if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) return 0;
  auto text = file::read_at(fd->get(), 32, 0);
  auto pid = text ? to_number(trim(*text)) : std::nullopt;
  return pid && *pid > 1 ? static_cast<pid_t>(*pid) : 0;
}

[[noreturn]] void serve(int pipe, const std::string& run_dir) {
  if (pipe != 3) ::dup2(pipe, 3);
  ::close_range(4, ~0u, 0);  // the lock and the sockets are not ours
  for (int s : {SIGTERM, SIGINT, SIGHUP}) ::signal(s, SIG_IGN);
  using namespace sandbox;
  for (const Status& s : {harden(16), confine_files({{run_dir, true}}), confine_calls(files | processes)})
    if (!s) {
      log::failure("acme_reload_failed", s.error());
      ::_exit(111);
    }
  for (char c; ::read(3, &c, 1) == 1;)
    for (const char* name : {"smtpd", "frontd"})
      if (pid_t pid = holder(fmt::format("{}/{}.lock", run_dir, name))) ::kill(pid, SIGHUP);
  ::_exit(0);
}
}  // namespace

Result<Reloader> Reloader::start(const std::string& run_dir) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
  Fd from(ends[0]), to(ends[1]);
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot start a process");
  if (pid == 0) serve(from.get(), run_dir);
  return Reloader(std::move(to));
}

void Reloader::reload() {
  if (::write(pipe_.get(), "r", 1) != 1) log::error("acme_reload_failed", {{"what", errno_text(errno)}});
}

}  // namespace jd
