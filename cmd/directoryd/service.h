// SPDX-License-Identifier: MIT
// service.h: what directoryd answers.
//
// run/directory.sock (the daemons):
//   resolve address                        -> kind address tag account path quota suspended full target*
//   may-send account address               -> may (1 or 0)
//   authenticate user password ip protocol -> address ticket      perm: no; temp: later
//   sasl mechanism exchange ip protocol tls exporter end-point + body (what the client said)
//        -> exchange + body (what to answer; ask again with the client's next words), or address ticket
//   forward from by                        -> from   (qrun: the reverse path of mail that the alias `by` sends on: srs.h)
//   full account bytes                     (qrun: a message of so many bytes was, or would be, over its quota)
//   redeem ticket access                   -> address path quota, and with access=1: access (directory/access.h)
//                                             (sessiond; each ticket once)
//   shares owner grantees                  (sessiond: what an account shares now, "identifier=rights ...")
// run/directory-admin.sock (root and the instance's owner):
//   domain-add|domain-del name    domain-list    domain-quota name [quota] [messages]
//   user-add address password [quota name]   login=0 in the place of a password: nobody logs in
//   user-shares address grantees   user-shares-list address   user-del|user-suspend|user-resume address
//   user-send-as-add|user-send-as-del address target*   user-send-as-list address
//   user-passwd address password   user-quota address [quota] [messages]   user-list [domain after limit]
//   alias-add|alias-del address target*      alias-list [domain after limit]
// Lists answer with `entry` lines of tab-separated fields.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/auth/scram.h"
#include "lib/auth/throttle.h"
#include "lib/base/quota.h"
#include "lib/base/secret.h"
#include "lib/directory/client.h"
#include "lib/directory/directory.h"
#include "lib/ipc/client.h"
#include "lib/ipc/frame.h"
#include "lib/net/loop.h"
#include "lib/net/workers.h"

namespace jd {

class DirectoryService {
 public:
  using Answer = std::function<void(ipc::Message)>;
  // Tokens are asked about at tokend_socket; "": there are none.
  DirectoryService(net::Loop& loop, directory::Directory directory, directory::Generation generation, const Quota& default_quota,
                   const std::string& tokend_socket = "", std::string token_scope = "");
  Status start() { return workers_.start(); }
  void ask(ipc::Message m, Answer answer);    // directory.sock
  void admin(ipc::Message m, Answer answer);  // directory-admin.sock

 private:
  struct Verified { uint64_t revision; Time until; };
  // A password that is being verified, and who else came with the same: each is told whether it is good.
  struct Checking { uint64_t revision; std::vector<std::function<void(bool)>> waiting; };
  struct Full { uint64_t bytes; Time until; };
  struct Ticket { std::string address; Time until; };
  struct From { std::string ip, protocol; };
  // A SASL exchange between two messages of the client.
  struct Exchange {
    enum class Next { final, confirm, refuse };
    Next next = Next::final;
    std::string user;      // as given
    std::string address;   // of the account; "": there is none
    std::string why;       // it must fail: for the log
    From from;
    std::shared_ptr<auth::Scram> scram;
    auth::Verifier verifier;
    Time until;
  };
  ipc::Message resolve(const std::string& address);
  ipc::Message forward(const std::string& from, const std::string& by);
  uint64_t full_for(const directory::Route& r);
  bool has_room(const directory::Route& r, std::set<std::string>& seen, uint64_t& bytes);
  Result<std::vector<std::string>> srs_keys();
  void note_full(const std::string& account, uint64_t bytes);
  void authenticate(ipc::Message m, Answer answer);
  // Calls `then` when the throttle lets this login pass; answers when it does not.
  void when_allowed(const std::string& user, const From& from, const Answer& answer, std::function<void()> then);
  void check_password(const std::string& user, std::shared_ptr<Secret> password, const From& from, const Answer& answer);
  // why: for the log, when it is not good.
  void login_result(bool good, const directory::Account* account, const std::string& user, const From& from, const Answer& answer,
                    std::string_view why = "wrong password");
  void refuse(const std::string& user, const From& from, std::string_view why, const Answer& answer);
  void with_hash(const ipc::Message& m, Answer answer, std::function<Status(const std::string& hash, const std::string& scram)> change);
  // sasl.cc
  void sasl(ipc::Message m, Answer answer);
  void scram_first(const ipc::Message& m, const From& from, Answer answer);
  void scram_challenge(std::shared_ptr<auth::Scram> scram, const From& from, const Answer& answer);
  void scram_final(Exchange x, std::string_view message, const Answer& answer);
  void bearer(const std::string& mechanism, const ipc::Message& m, const From& from, Answer answer);
  void bearer_is(const std::string& mechanism, const std::string& user, const Result<ipc::Message>& said, const From& from, const Answer& answer);
  void go_on(Exchange x, std::string challenge, const Answer& answer);
  void changed(Answer& answer, const Status& s, const ipc::Message& m);
  ipc::Message list(const ipc::Message& m);
  ipc::Message redeem(const ipc::Message& m);
  std::string cache_key(const std::string& address, const Secret& password) const;

  net::Loop& loop_;
  directory::Directory directory_;
  directory::Generation generation_;
  Quota default_quota_;
  net::Workers workers_;
  auth::Throttle throttle_;
  std::string key_;
  std::unordered_map<std::string, Verified> verified_;
  std::unordered_map<std::string, Checking> checking_;  // by cache_key(), too
  std::unordered_map<std::string, Ticket> tickets_;
  std::unordered_map<std::string, Full> full_;  // by account
  std::unordered_map<std::string, Exchange> exchanges_;
  std::deque<std::string> exchange_order_;  // the oldest first; may name some that are gone
  std::unordered_map<uint64_t, std::unique_ptr<net::Timer>> delays_;
  uint64_t last_delay_ = 0;
  std::unique_ptr<ipc::AsyncClient> tokend_;
  std::string token_scope_;
};

}  // namespace jd
