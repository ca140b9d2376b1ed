// SPDX-License-Identifier: MIT
// service.h: what directoryd answers.
//
// run/directory.sock (the daemons):
//   resolve address                        -> kind address tag account path quota suspended full target*
//   authenticate user password ip protocol -> address ticket      perm: no; temp: later
//   full account bytes                     (qrun: a message of so many bytes was over its quota)
//   redeem ticket                          -> address path quota  (sessiond; each ticket once)
// run/directory-admin.sock (root and the instance's owner):
//   domain-add|domain-del name    domain-list
//   user-add address password [quota name]   user-del|user-suspend|user-resume address
//   user-passwd address password   user-quota address quota   user-list [domain after limit]
//   alias-add|alias-del address target*      alias-list [domain after limit]
// Lists answer with `entry` lines of tab-separated fields.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "cmd/directoryd/workers.h"
#include "lib/auth/throttle.h"
#include "lib/base/secret.h"
#include "lib/directory/client.h"
#include "lib/directory/directory.h"
#include "lib/ipc/frame.h"
#include "lib/net/loop.h"

namespace jd {

class DirectoryService {
 public:
  using Answer = std::function<void(ipc::Message)>;
  DirectoryService(net::Loop& loop, directory::Directory directory, directory::Generation generation, uint64_t default_quota);
  Status start() { return workers_.start(); }
  void ask(ipc::Message m, Answer answer);    // directory.sock
  void admin(ipc::Message m, Answer answer);  // directory-admin.sock

 private:
  struct Verified { uint64_t revision; Time until; };
  struct Full { uint64_t bytes; Time until; };
  struct Ticket { std::string address; Time until; };
  ipc::Message resolve(const std::string& address);
  void note_full(const std::string& account, uint64_t bytes);
  void authenticate(ipc::Message m, Answer answer);
  void check_password(std::string user, Secret password, std::string ip, std::string protocol, Answer answer);
  void login_result(bool good, const directory::Account* account, const std::string& user, const std::string& ip,
                    const std::string& protocol, Answer& answer);
  void with_hash(const ipc::Message& m, Answer answer, std::function<Status(const std::string& hash)> change);
  void changed(Answer& answer, const Status& s, const ipc::Message& m);
  ipc::Message list(const ipc::Message& m);
  std::string cache_key(const std::string& address, const Secret& password) const;

  net::Loop& loop_;
  directory::Directory directory_;
  directory::Generation generation_;
  uint64_t default_quota_;
  Workers workers_;
  auth::Throttle throttle_;
  std::string key_;
  std::unordered_map<std::string, Verified> verified_;
  std::unordered_map<std::string, Ticket> tickets_;
  std::unordered_map<std::string, Full> full_;  // by account
  std::unordered_map<uint64_t, std::unique_ptr<net::Timer>> delays_;
  uint64_t last_delay_ = 0;
};

}  // namespace jd
