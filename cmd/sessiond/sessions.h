// SPDX-License-Identifier: MIT
// sessions.h: all sessions of all users: whose there are, which process has them, which are parked.
//
//   begin ──> a worker of the user that waits for one, else a new one ──> over
//                │  ^                                                        ^
//         silent v  │ bytes came, or the folder changed (IDLE)               │ idle for too long, client gone
//             parked here: the connection, watched, and a text ──────────────┘
// A worker that has no session any more waits `linger` for the next of its user; no more than
// `max_lingering` do.  A user's limit counts the sessions that workers have and those that are parked.
// One inotify instance; one watch for each account that has sessions parked in IDLE.
// What one change means for many sessions of a user is told to one after the other.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmd/sessiond/job.h"
#include "lib/base/config.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/sandbox.h"
#include "lib/net/loop.h"

namespace jd {

class Sessions {
 public:
  Sessions(net::Loop& loop, const Config& config, std::string mail_directory, sandbox::CallFilter filter);
  ~Sessions();
  // temp: there are too many of this user, or no process can be made.  The connection is taken.
  Status begin(const Job& job, Fd connection);
  // What is done when a session has changed what an account shares; grantees: directory::to_text().
  using OnShares = std::function<void(const std::string& owner, const std::string& grantees)>;
  void on_shares(OnShares then) { on_shares_ = std::move(then); }
  void reap();      // after SIGCHLD
  void end_all();   // a BYE to everybody
  void kill_all();  // who has not left since
  // A reload (handover.cc).  Before begin(): what the generation before had is ours; a socket for the next.
  Result<Fd> take_over(const std::string& socket_path);
  void look_at_adopted();  // once processes can be made
  void hand_over(Fd socket);
  bool has_workers() const { return !workers_.empty(); }

 private:
  struct User;
  struct Worker;
  struct Parked;

  User& user(const std::string& address);
  void forget(User& u);
  Status dispatch(User& u, const Job& job, Fd& connection);
  Status start(User& u, const Job& job, Fd& connection);
  void set_busy(Worker& w, const Job& job);
  void hear(Worker& w);
  void shares(Worker& w, const ipc::Message& m);
  void rest(Worker& w);
  void gone(Worker& w);
  void end_lingering();

  void adopt(ipc::Message& m);
  Parked& park(Worker& w, ipc::Message& m);
  void resume(Parked& p, Job::How how);
  void settle(Parked& p, uint64_t known);
  void readable(Parked& p);
  void late(Parked& p);
  void over(Parked& p, std::string_view bye, std::string_view why);
  void drop(Parked& p);
  bool watch(User& u, const std::string& path, bool& is_new);
  void relax(User& u);  // watches no more than somebody needs
  void unwatch(User& u);
  void changes();
  void changed(User& u);
  void look(User& u);

  net::Loop& loop_;
  const Config& config_;
  std::string mail_;
  sandbox::CallFilter filter_;
  OnShares on_shares_;
  std::unordered_map<std::string, std::unique_ptr<User>> users_;
  std::unordered_map<Worker*, std::unique_ptr<Worker>> workers_;
  std::unordered_map<pid_t, std::string> children_;  // whose they are, until they are reaped
  std::list<Worker*> lingering_;                     // the longest first
  net::Timer linger_timer_;
  Fd inotify_;
  net::Watch inotify_watch_;
  std::unordered_map<int, User*> watched_;
  bool is_ending_ = false;
};

}  // namespace jd
