// SPDX-License-Identifier: MIT
// sessiond: gives one forked worker one user's directory and nothing else, and has it run the session
// of imapd or pop3d.  Row "sessiond" of jdmail(7).
//
//   session ticket protocol greeting trace, a connection riding along, early bytes as the body
// The ticket is redeemed at directoryd, so that a front door that was taken over can name no account
// whose password it has not seen.  The worker: fork, every other descriptor closed, Landlock for the
// one directory, seccomp without network, then plain blocking code until the client leaves.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unordered_map>

#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/imap/session.h"
#include "lib/ipc/client.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"
#include "lib/pop3/session.h"
#include "lib/store/account.h"

namespace jd {
namespace {

struct Job {
  std::string address, path, protocol, greeting, early, trace;
  uint64_t quota = 0;
};

// In the worker; does not return.
[[noreturn]] void work(const Job& job, int connection, const Config& config, const std::string& mail_dir) {
  // 0 and 1 are the connection, 2 the log; nothing of sessiond's stays open.
  ::dup2(connection, 0);
  ::dup2(connection, 1);
  ::syscall(SYS_close_range, 3u, ~0u, 0u);
  int flags = ::fcntl(0, F_GETFL);
  ::fcntl(0, F_SETFL, flags & ~O_NONBLOCK);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGCHLD, SIG_DFL);
  log::set_program(job.protocol == "imap" ? "imapd" : "pop3d");
  log::Trace t(job.trace);
  std::string path = mail_dir + "/" + job.path;
  auto leave = [&](const Error& e) {
    log::failure("session_failed", e, {{"user", job.address}});
    std::string text = job.protocol == "imap" ? "* BYE the mailbox is not available now; try again later\r\n"
                                              : "-ERR [SYS/TEMP] the mailbox is not available now; try again later\r\n";
    if (::write(1, text.data(), text.size()) < 0) ::_exit(exit_code(e.fault));  // gone already
    ::_exit(exit_code(e.fault));
  };
  { auto made = store::Account::open(path, true); if (!made) leave(made.error()); }  // makes it when it is the first time
  if (auto r = sandbox::confine_files({{path, true}}); !r) leave(r.error());
  if (auto r = sandbox::confine_calls(sandbox::files); !r) leave(r.error());
  auto account = store::Account::open(path, false, true);
  if (!account) leave(account.error());
  int status = 0;
  if (job.protocol == "imap") {
    imap::SessionOptions o;
    o.greeting = job.greeting;
    o.early = job.early;
    o.message_size = config.message_size;
    o.quota = job.quota;
    o.idle = config.imap_idle;
    status = imap::run_session(0, 1, **account, o);
  } else {
    pop3::SessionOptions o;
    o.greeting = job.greeting;
    o.early = job.early;
    o.idle = config.pop3_idle;
    status = pop3::run_session(0, 1, **account, o);
  }
  log::info("session_ended", {{"user", job.address}, {"protocol", job.protocol}});
  ::_exit(status);
}

class Sessiond : public Service {
 public:
  explicit Sessiond(const Context& c) : config_(c.config), mail_(c.paths.mail), directory_(loop_, "directoryd", c.paths.socket("directory")) {}

  Status listen(const std::string& run_dir) {
    if (auto ids = user_ids("jdnet")) server_.allow({ids->uid});
    else server_.allow({});
    return server_.listen(run_dir + "/sessiond.sock", 0666);
  }

  int run() override {
    // A new configuration is for new sessions: this process makes room for the next, its sessions go on.
    if (auto r = loop_.on_signal(SIGHUP, [this] { keeps_sessions_ = true; loop_.stop(); }); !r) return exit_code(r.error().fault);
    if (auto r = loop_.on_signal(SIGCHLD, [this] { reap(); }); !r) return exit_code(r.error().fault);
    int status = net::serve(loop_, [this] { loop_.stop(); });
    if (!keeps_sessions_)
      for (auto& [pid, user] : workers_) ::kill(pid, SIGTERM);
    return status;
  }

 private:
  void handle(ipc::Request r) {
    if (r.cmd() != "session" || r.message.fds.size() != 1) return r.reply(Error(Fault::usage, "sessiond knows no such request"));
    auto kept = std::make_shared<ipc::Request>(std::move(r));
    ipc::Message m("redeem");
    m.set("ticket", kept->message.get("ticket"));
    directory_.request(std::move(m), [this, kept](Result<ipc::Message> who) {
      if (!who) return kept->reply(who.error());
      begin(*kept, *who);
    });
  }

  void begin(ipc::Request& r, const ipc::Message& who) {
    Job job;
    job.address = who.get("address");
    job.path = who.get("path");
    job.quota = who.number("quota");
    job.protocol = r.message.get("protocol");
    job.greeting = r.message.get("greeting");
    job.trace = r.message.get("trace");
    job.early = r.message.body();
    std::size_t& mine = per_user_[job.address];
    if (mine >= config_.sessions_per_user) {
      log::warn("session_refused", {{"user", job.address}, {"what", "too many sessions"}, {"limit", config_.sessions_per_user}});
      return r.reply(Error(Fault::temp, "too many sessions of this user"));
    }
    pid_t pid = ::fork();
    if (pid < 0) return r.reply(Error(Fault::temp, "cannot begin a session: " + errno_text(errno), errno));
    if (pid == 0) work(job, r.message.fds[0].get(), config_, mail_);
    mine++;
    workers_[pid] = job.address;
    r.reply(ipc::Message::ok());
  }

  void reap() {
    int status;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      auto i = workers_.find(pid);
      if (i == workers_.end()) continue;
      if (WIFSIGNALED(status)) log::error("session_died", {{"user", i->second}, {"pid", pid}, {"signal", WTERMSIG(status)}});
      if (auto u = per_user_.find(i->second); u != per_user_.end() && --u->second == 0) per_user_.erase(u);
      workers_.erase(i);
    }
  }

  Config config_;
  std::string mail_;
  net::Loop loop_;
  ipc::AsyncClient directory_;
  bool keeps_sessions_ = false;
  std::unordered_map<pid_t, std::string> workers_;
  std::unordered_map<std::string, std::size_t> per_user_;
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "sessiond",
      .about = "run one sandboxed process per POP3 and IMAP session",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdmail", .root = "", .paths = {{c.paths.mail, true}, {c.paths.run, true}},
                .calls = sandbox::files | sandbox::net | sandbox::processes | sandbox::confine, .descriptors = 65536};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.mail, 0700));
        auto s = std::make_unique<Sessiond>(c);
        CHECK(s->listen(c.root_run));
        return std::unique_ptr<Service>(std::move(s));
      },
  });
}
