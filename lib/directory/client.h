// SPDX-License-Identifier: MIT
// client.h: asking directoryd, for the programs that may (run/directory.sock).
//
// Answers to resolve() are cached; every change in the directory raises a counter in
// run/directory.generation, which is mapped here, so a cached answer is never older than the change.
// Under a Loop; one thread.  Errors: temp while directoryd is down.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "lib/auth/sasl.h"
#include "lib/auth/scram.h"
#include "lib/base/config.h"
#include "lib/base/secret.h"
#include "lib/directory/directory.h"
#include "lib/ipc/client.h"

namespace jd::directory {

// The shared counter.  The writer is directoryd; readers map it read-only before they drop rights.
class Generation {
 public:
  static Result<Generation> create(const std::string& run_dir);  // directoryd
  static Generation open(const std::string& run_dir);            // not there: caching is off
  Generation(Generation&& o) noexcept : map_(std::exchange(o.map_, nullptr)) {}
  Generation& operator=(Generation&&) = delete;
  ~Generation();
  bool is_there() const { return map_ != nullptr; }
  uint64_t value() const;
  void raise();

 private:
  explicit Generation(void* map) : map_(map) {}
  void* map_;
};

struct Login {
  std::string address;   // of the account
  std::string ticket;    // sessiond redeems it once, within a minute
  // Not logged in yet when `exchange` is there: `challenge` is for the client, its answer comes back here.
  std::string exchange, challenge;
};

// Who asks for a login, and through what.
struct Door {
  std::string ip, protocol;  // "smtp", "imap", "pop3"
  auth::Channel channel;     // for mechanisms that bind to it
};

class Client {
 public:
  // `real_run`: run/ as seen now, before a chroot; socket_path as seen later.
  Client(net::Loop& loop, const std::string& real_run, const std::string& socket_path);

  using Resolved = std::function<void(Result<Route>)>;
  // Calls back at once (inside) when the answer is cached; the handle is then 0.
  uint64_t resolve(const std::string& address, Resolved done);
  // May the account send from this address?  Cached like resolve()'s answers, and as inside.
  uint64_t may_send(const std::string& account, const std::string& address, std::function<void(Result<bool>)> done);
  // perm: wrong name or password, or suspended (one text for all); temp: slow down, or try later.
  // usage: what the client said is not of its mechanism.
  uint64_t authenticate(const auth::Credentials& credentials, const Door& door, std::function<void(Result<Login>)> done);
  // The reverse path that mail of `from` gets when the alias `by` sends it on to another host (srs.h).
  uint64_t forward(const std::string& from, const std::string& by, std::function<void(Result<std::string>)> done);
  // A message of so many bytes was over the account's quota: for some minutes resolve() tells so.
  void report_full(const std::string& account, uint64_t bytes);
  void cancel(uint64_t handle) { client_.cancel(handle); }

 private:
  struct Cached { Route route; Time until; };
  struct CachedRight { bool may; Time until; };
  bool may_look();  // in the caches; drops what a change has made old
  ipc::AsyncClient client_;
  Generation generation_;
  uint64_t seen_ = 0;
  std::unordered_map<std::string, Cached> cache_;
  std::unordered_map<std::string, CachedRight> rights_;  // by account, NUL, address
};

ipc::Message to_message(const Route& r);
Route route_of(const ipc::Message& m);

}  // namespace jd::directory
