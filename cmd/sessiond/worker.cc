// SPDX-License-Identifier: MIT
#include "cmd/sessiond/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/directory/access.h"
#include "lib/imap/park.h"
#include "lib/pop3/session.h"
#include "lib/pop3/texts.h"
#include "lib/store/account.h"
#include "lib/store/quota_warning.h"

namespace jd {
namespace {
constexpr int connection_fd = 0, control_fd = 3;

// For the last words, which cannot be handed anything.
bool is_imap = true;
pop3::Language language = pop3::Language::none;

void put(std::string_view text) {
  if (::write(connection_fd, text.data(), text.size()) < 0) return;  // gone already
}

// Last words of a process that cannot go on; calls nothing that may allocate.
[[noreturn]] void leave(std::string_view imap, std::string_view code, const pop3::Text& pop3, int status) {
  if (is_imap) {
    put(imap);
  } else {
    put(code);
    put(pop3.in(language));
    put("\r\n");
  }
  ::_exit(status);
}

// What has come and is not read makes close() a reset, which may take our last words from the client.
void hear_out() {
  char some[4096];
  for (int i = 0; i < 16 && ::recv(connection_fd, some, sizeof some, MSG_DONTWAIT) > 0; i++) {
  }
}

void out_of_memory() {
  static const char line[] = "session_failed level=error prog=sessiond what=\"out of memory: access.session_memory\"\n";
  if (::write(2, line, sizeof line - 1) < 0) ::_exit(111);
  leave("* BYE [UNAVAILABLE] this takes more memory than a session may have\r\n",
        "-ERR [SYS/PERM] ", pop3::texts::too_much_memory, 111);
}

void out_of_cpu(int) {
  static const char line[] = "session_failed level=error prog=sessiond what=\"out of CPU time: access.session_cpu\"\n";
  if (::write(2, line, sizeof line - 1) < 0) ::_exit(111);
  leave("* BYE [UNAVAILABLE] this takes more time than a command may have\r\n",
        "-ERR [SYS/PERM] ", pop3::texts::too_much_time, 111);
}

class Worker {
 public:
  Worker(const WorkerSeat& seat, const Job& job)
      : seat_(seat), path_(seat.mail_directory + "/" + job.path), address_(job.address), access_(directory::Access::parse(job.access)) {}

  // Everything that is done once.
  Status enter() {
#ifndef __SANITIZE_ADDRESS__  // whose shadow has more than any limit
    rlimit memory{seat_.config.session_memory, seat_.config.session_memory};
    if (memory.rlim_cur && ::setrlimit(RLIMIT_DATA, &memory) < 0) return fail_errno(errno, "cannot limit the memory");
#endif
    std::set_new_handler(out_of_memory);
    ::signal(SIGPROF, out_of_cpu);
    if (!file::exists(path_)) CHECK(store::Account::open(path_, true));  // its first time
    std::vector<sandbox::PathRight> shared;
    for (auto& s : access_.shared) {
      std::string path = seat_.mail_directory + "/" + s.path;
      if (file::exists(path)) shared.push_back({path, s.may_write});
    }
    CHECK(sandbox::confine_session(path_, seat_.filter, shared));
    TRY(account_, store::Account::open(path_, false, {.maps = true, .keep_gone = seat_.config.keep_expunged()}));
    return {};
  }

  // Of one session; what sessiond is to be told.
  ipc::Message run(const Job& job) {
    sandbox::limit_cpu(seat_.config.session_cpu);  // for the early bytes; then for each piece that is read
    if (job.protocol == "imap") {
      imap::SessionOptions o;
      o.greeting = job.greeting;
      o.early = job.early;
      o.message_size = seat_.config.message_size;
      o.message_limit = seat_.config.imap_message_limit;
      o.quota = job.quota;
      o.stored = [this](store::Account& account, const store::Filled& what) {
        auto level = store::warn_if_full(account, seat_.config, what);
        if (!level) log::failure("quota_not_warned", level.error(), {{"user", what.address}});
        else if (*level) log::info("quota_warned", {{"user", what.address}, {"percent", *level}});
      };
      o.user = address_;
      o.identities = access_.identities;
      for (auto& s : access_.shared) o.others.push_back({s.owner, seat_.mail_directory + "/" + s.path, s.may_write, s.quota});
      o.shares_changed = tell_shares;
      if (job.how == Job::How::begin) compare_shares();
      o.idle = seat_.config.imap_idle;
      o.cpu = seat_.config.session_cpu;
      o.owner = control_fd;
      imap::Parking p;
      if (job.may_park) p.after = seat_.park_after;
      p.state = job.state;
      p.look = job.how == Job::How::look;
      auto out = imap::run_session(connection_fd, connection_fd, *account_, o, p);
      status_ = out.status;
      if (out.parked) return parked(*out.parked, p.look);
    } else {
      pop3::SessionOptions o;
      o.greeting = job.greeting;
      o.early = job.early;
      o.idle = seat_.config.pop3_idle;
      o.uidl = seat_.config.pop3_uidl;
      o.is_exclusive = seat_.config.pop3_exclusive;
      o.offer = pop3::Offer::of(seat_.config);
      o.manner = pop3::Manner::parse(job.manner);
      o.spoken = &language;
      o.cpu = seat_.config.session_cpu;
      o.owner = control_fd;
      status_ = pop3::run_session(connection_fd, connection_fd, *account_, o);
    }
    log::info("session_ended", {{"user", address_}, {"protocol", job.protocol}});
    return ipc::Message("ended");
  }
  static void tell_shares(const std::string& owner, const std::map<std::string, store::Rights>& grantees) {
    ipc::Message m("shares");
    m.set("owner", owner).set("grantees", shares_text(grantees));
    auto r = send_packet(control_fd, m);
    if (!r) log::failure("shares_not_told", r.error(), {{"owner", owner}});
  }
  static std::string shares_text(const std::map<std::string, store::Rights>& grantees) {
    directory::Grantees all;
    for (auto& [who, rights] : grantees)
      if (all.size() < max_told) all[who] = rights.text();
    return directory::to_text(all);
  }
  // The directory's index may be behind: what was told last may never have come there.
  void compare_shares() {
    if (!account_->tree().refresh()) return;  // the session says what is wrong
    auto now = store::grantees(account_->tree().acls());
    if (shares_text(now) != access_.told) tell_shares(address_, now);
  }
  static ipc::Message parked(const imap::Parked& p, bool was_look) {
    ipc::Message m("parked");
    m.set("idling", uint64_t{p.is_listening}).set("deadline", static_cast<uint64_t>(p.deadline.ns)).set("state", p.state);
    if (was_look) m.set("how", "look");
    m.fds.emplace_back(::fcntl(connection_fd, F_DUPFD_CLOEXEC, 16));
    return m;
  }
  uint64_t inode() const {
    struct stat st;
    return ::fstat(account_->dir(), &st) == 0 ? st.st_ino : 0;
  }
  int status() const { return status_; }
  const std::string& address() const { return address_; }

 private:
  const WorkerSeat& seat_;
  static constexpr std::size_t max_told = 250;  // of them a packet has room
  std::string path_, address_;
  directory::Access access_;
  std::unique_ptr<store::Account> account_;
  int status_ = 0;
};

void take(int connection) {
  if (connection != connection_fd) ::dup2(connection, connection_fd), ::close(connection);
  ::fcntl(connection_fd, F_SETFL, ::fcntl(connection_fd, F_GETFL) & ~O_NONBLOCK);
}

void settle(int connection, int control) {
  int c = ::fcntl(control, F_DUPFD_CLOEXEC, 16);  // neither stands in the other's way
  int n = ::fcntl(connection, F_DUPFD_CLOEXEC, 16);
  ::dup2(n, connection_fd);
  ::dup2(2, 1);
  ::dup2(c, control_fd);
  ::syscall(SYS_close_range, 4u, ~0u, 0u);
  ::fcntl(connection_fd, F_SETFL, ::fcntl(connection_fd, F_GETFL) & ~O_NONBLOCK);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int s : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::signal(s, SIG_DFL);
}
}  // namespace

void work(const WorkerSeat& seat, Job job, int connection, int control) {
  settle(connection, control);
  Worker worker(seat, job);
  bool entered = false;
  for (;;) {
    is_imap = job.protocol == "imap";
    language = pop3::Manner::parse(job.manner).language;
    log::set_program(is_imap ? "imapd" : "pop3d");
    std::string id = job.trace;  // the line points at it
    log::Trace t(id);
    if (!entered) {
      if (auto r = worker.enter(); !r) {
        log::failure("session_failed", r.error(), {{"user", worker.address()}});
        leave("* BYE the mailbox is not available now; try again later\r\n",
              "-ERR [SYS/TEMP] ", pop3::texts::no_mailbox_now, exit_code(r.error().fault));
      }
      entered = true;
    }
    ipc::Message report = worker.run(job);
    report.set("inode", worker.inode());
    if (report.fds.empty()) hear_out();
    ::close(connection_fd);
    if (!send_packet(control_fd, report)) ::_exit(worker.status());  // sessiond is gone: so are we
    report.fds.clear();
    auto next = receive_packet(control_fd);
    if (!next || !*next || (*next)->get("cmd") != "job" || (*next)->fds.size() != 1) ::_exit(worker.status());
    job = Job::of(**next);
    take((*next)->fds[0].release());
  }
}

}  // namespace jd
