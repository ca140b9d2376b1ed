// SPDX-License-Identifier: MIT
#include "lib/base/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <map>

#include "lib/base/args.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
int ready_fd = -1;

int failed(const Error& e) {
  log::failure("fatal", e);
  return exit_code(e.fault);
}

void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

// Waits while another copy runs: its supervisor may have died and started this one in its place.
Result<Fd> take_lock(const std::string& path) {
  bool told = false;
  for (;;) {
    auto lock = file::lock(path);
    if (lock || lock.error().sys || lock.error().fault != Fault::perm) return lock;
    if (!told) log::warn("waiting", {{"what", lock.error().what}, {"todo", "it is stopped by SIGTERM, or by jdctl stop"}});
    told = true;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    timespec half{0, 200'000'000};
    if (sigtimedwait(&set, nullptr, &half) > 0)
      return fail(Fault::temp, "stopped while waiting for {}", path);
  }
}

// Steps 3 to 11 for a process that will serve.
int serve(const Daemon& d, Context c) {
  sandbox::Rights rights = d.rights(c);
  if (!c.paths.is_system()) {  // an instance in a directory of its own belongs to whoever started it
    log::info("rights", {{"step", "identity"}, {"skipped", "not the system's instance"}});
    rights.user.clear();
    rights.root.clear();
  }
  bool is_chroot = ::geteuid() == 0 && !rights.root.empty() && (rights.user.empty() || user_ids(rights.user));
  c.root_run = c.paths.run;
  if (is_chroot) c.paths.run = "";
  auto service = d.open(c);
  if (!service) return failed(service.error());
  std::vector<sandbox::PathRight> paths = rights.paths;
  if (is_chroot) paths.clear();
  Status r = sandbox::drop_identity(rights);
  if (r) r = sandbox::harden(rights.descriptors);
  if (r) r = sandbox::confine_files(paths);
  if (r) r = (*service)->setup();
  if (r) r = sandbox::confine_calls(rights.calls);
  if (!r) return failed(r.error());
  return (*service)->run();
}

class Master {
 public:
  Master(const Daemon& d, Context& c) : daemon_(d), context_(c) {}

  int run() {
    auto fds = daemon_.listen ? daemon_.listen(context_) : Result<std::vector<Fd>>(std::vector<Fd>{});
    // The workers of a master that was killed close their sockets within moments: wait for them.
    for (int i = 0; !fds && fds.error().sys == EADDRINUSE && i < 20; i++) {
      timespec pause{0, 150'000'000};
      ::nanosleep(&pause, nullptr);
      fds = daemon_.listen(context_);
    }
    if (!fds) return failed(fds.error());
    sockets_ = std::move(*fds);
    sigset_t set;
    sigemptyset(&set);
    for (int s : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, s);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) < 0) return failed(Error(Fault::temp, "cannot make a pipe", errno));
    Fd from_workers(pipe_fds[0]);
    to_master_ = Fd(pipe_fds[1]);
    Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
    start_generation();
    while (!(ending_ && workers_.empty())) {
      pollfd p[2] = {{signals.get(), POLLIN, 0}, {from_workers.get(), POLLIN, 0}};
      ::poll(p, 2, restart_at_.empty() ? -1 : 200);
      char byte;
      if (p[1].revents & POLLIN && ::read(from_workers.get(), &byte, 1) == 1) ready();
      signalfd_siginfo info;
      if (p[0].revents & POLLIN && ::read(signals.get(), &info, sizeof info) == sizeof info)
        on_signal(static_cast<int>(info.ssi_signo));
      restart_due();
    }
    return status_;
  }

 private:
  struct Worker { int index; unsigned generation; Time started; };

  void on_signal(int s) {
    if (s == SIGCHLD) {
      int status;
      while (pid_t pid = ::waitpid(-1, &status, WNOHANG)) {
        if (pid < 0) break;
        ended(pid, status);
      }
    } else if (s == SIGHUP) {
      auto fresh = Config::load(context_.paths);
      if (!fresh) {
        log::failure("reload_refused", fresh.error());
        return;
      }
      context_.config = std::move(*fresh);
      log::info("reloaded");
      end_generation();
      start_generation();
    } else {
      ending_ = true;
      restart_at_.clear();
      sockets_.clear();
      end_generation();
    }
  }

  void start_generation() {
    generation_++;
    wanted_ = daemon_.workers(context_.config);
    for (int i = 0; i < wanted_; i++) start(i);
  }
  void end_generation() {
    for (auto& [pid, w] : workers_) ::kill(pid, SIGTERM);
  }

  void start(int index) {
    pid_t pid = ::fork();
    if (pid < 0) {
      log::error("fork_failed", {{"what", errno_text(errno)}});
      restart_at_[index] = monotonic() + seconds(1);
      return;
    }
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGCHLD);
      sigprocmask(SIG_UNBLOCK, &set, nullptr);
      lock_to_close_.reset();
      if (ready_fd >= 0) ::close(ready_fd);
      ready_fd = to_master_.release();
      Context c{context_.config, context_.paths, "", index, {}};
      for (auto& s : sockets_) c.inherited.emplace_back(::dup(s.get()));
      sockets_.clear();
      ::_exit(serve(daemon_, std::move(c)));
    }
    workers_[pid] = {index, generation_, monotonic()};
  }

  void ended(pid_t pid, int status) {
    auto it = workers_.find(pid);
    if (it == workers_.end()) return;
    Worker w = it->second;
    workers_.erase(it);
    if (ending_ || w.generation != generation_) return;
    bool was_brief = monotonic() - w.started < seconds(1);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 100) {  // it will not get better by itself
      status_ = 100;
      ending_ = true;
      end_generation();
      return;
    }
    log::error("worker_died", {{"worker", w.index}, {"pid", pid},
                               {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0},
                               {"status", WIFEXITED(status) ? WEXITSTATUS(status) : 0}});
    restart_at_[w.index] = monotonic() + (was_brief ? seconds(1) : milliseconds(0));
  }

  void restart_due() {
    for (auto it = restart_at_.begin(); it != restart_at_.end();) {
      if (it->second > monotonic()) { ++it; continue; }
      int index = it->first;
      it = restart_at_.erase(it);
      if (index < wanted_) start(index);
    }
  }

 public:
  Fd lock_to_close_;

 private:
  const Daemon& daemon_;
  Context& context_;
  std::vector<Fd> sockets_;
  Fd to_master_;
  std::map<pid_t, Worker> workers_;
  std::map<int, Time> restart_at_;
  unsigned generation_ = 0;
  int wanted_ = 0, status_ = 0;
  bool ending_ = false;
};
}  // namespace

void ready() {
  if (ready_fd < 0) return;
  if (::write(ready_fd, "\n", 1) < 0) log::warn("readiness_unheard", {{"what", errno_text(errno)}});
  ::close(ready_fd);
  ready_fd = -1;
}

int run_daemon(int argc, char** argv, const Daemon& d) {
  log::set_program(d.name);
  std::string prefix = "/";
  uint64_t ready_on = 0;
  bool check = false, instead = false;
  Args args(d.name, d.about);
  args.option("--prefix", prefix, "instance directory; / is the installed system").env("JDMAIL_PREFIX");
  args.option("--ready-fd", ready_on, "write a newline there once the service works");
  args.flag("--check", check, "read the configuration, say what is wrong with it, and exit");
  if (d.instead) args.flag(d.instead->flag, instead, d.instead->help);
  if (auto code = args.parse(argc, argv)) return *code;
  if (instead) return d.instead->run(prefix);
  Context c;
  c.paths = Paths::of(prefix);
  auto config = Config::load(c.paths);
  if (!config) return failed(config.error());
  if (check) return 0;
  c.config = std::move(*config);
  if (sodium_init() < 0) return failed(Error(Fault::bug, "libsodium cannot start"));
  ::tzset();  // reads the zone file while it can be seen
  if (ready_on) {
    ready_fd = static_cast<int>(ready_on);
    ::fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
  }
  log::never_block();  // not before: what only answers shares its caller's standard error
  block_signals();
  if (auto made = file::make_directories(c.paths.run, 0755); !made) return failed(made.error());
  auto lock = take_lock(fmt::format("{}/{}.lock", c.paths.run, d.name));
  if (!lock) return failed(lock.error());
  if (d.workers) {
    Master m(d, c);
    m.lock_to_close_ = std::move(*lock);
    return m.run();
  }
  return serve(d, std::move(c));
}

}  // namespace jd
