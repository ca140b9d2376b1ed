// SPDX-License-Identifier: MIT
// news.h: which mailboxes may have mail that is not indexed yet.
//
// Nobody tells indexd anything: delivering and storing know nothing of it.  It looks at the times of
// the mailboxes' last segments: two calls of stat per mailbox and sweep; and when it has just started, at
// what they say themselves (store::indexed_at).  Blocking; one thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "cmd/indexd/visit.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::indexd {

class News {
 public:
  // kinds: of documents that visits read (store::DocumentKinds).
  explicit News(std::string mail, uint32_t kinds = 0) : mail_(std::move(mail)), kinds_(kinds) {}
  // The next mailbox of this sweep that has news, or null: the sweep is over, the next call begins
  // another.  It lives until that.
  Mailbox* next();
  // It was visited; what came since `began` is news again.
  void visited(const Mailbox& m, Time began, bool is_done);

 private:
  struct Known {
    Mailbox mailbox;
    int64_t segments_changed = 0;  // the directory, ns
    std::string last_segment;
    int64_t visited = 0;           // ns; 0: never
    unsigned failures = 0, wait = 0;  // sweeps
    bool is_there = true;
  };
  void list();
  bool has_news(Known& k);

  std::string mail_;
  uint32_t kinds_;
  std::map<std::string, Known> known_;  // by name
  std::map<std::string, Known>::iterator at_{};
  bool is_sweeping_ = false;
};

}  // namespace jd::indexd
