// SPDX-License-Identifier: MIT
// sessions_parts.h: what sessions.cc and parked.cc share.  There may be very many Parked: they are small.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "cmd/sessiond/sessions.h"
#include "lib/base/quota.h"

namespace jd {

struct Sessions::User {
  explicit User(Sessions& s) : pace(s.loop_, [&s, this] { s.look(*this); }) {}
  std::string address;
  std::string access;  // as of the last login: what a session that is taken up again gets
  std::size_t sessions = 0, workers = 0;  // sessions: with workers or parked
  std::size_t looking = 0;                // workers that tell a parked session what changed
  std::vector<Worker*> idle;
  std::vector<std::unique_ptr<Parked>> parked;
  int watch = -1;        // of inotify
  uint64_t changes = 0;  // how often something changed
  Time looking_since{};
  net::Timer pace;
};

struct Sessions::Worker {
  Worker(Sessions& s, User& u) : user(u), watch(s.loop_, [&s, this](uint32_t) { s.hear(*this); }) {}
  User& user;
  pid_t pid = 0;
  Fd control;
  net::Watch watch;
  std::string access;                 // what it was confined to, beside path
  std::string path, protocol, trace;  // protocol, trace, quota: of the session that it has
  Quota quota;
  uint64_t inode = 0;    // of the account's directory, as it has it open
  uint64_t changes = 0;  // the user's, as the session came to it
  bool is_busy = false, is_looking = false, is_old = false;  // old: of a configuration that is no more
  Time idle_since{};
  std::list<Worker*>::iterator place;  // in lingering_, while it is idle
};

struct Sessions::Parked {
  Parked(Sessions& s, User& u)
      : user(u), watch(s.loop_, [&s, this](uint32_t) { s.readable(*this); }), deadline(s.loop_, [&s, this] { s.late(*this); }) {}
  User& user;
  Fd connection;
  net::Watch watch;
  net::Timer deadline;
  std::string path, trace, state;
  Quota quota;
  Time told_at{};          // when it was last looked at
  bool is_idling = false;  // in IDLE: it is told what changes
  bool is_wanted = false;  // something has changed
  bool must_stay = false;  // nobody can watch its folder here
};

}  // namespace jd
