// SPDX-License-Identifier: MIT
// visit.h: the index of one mailbox is brought up to date, in a process of its own.
//
// The process may touch that mailbox and nothing else (sandbox.h, confine_session): the text of mail
// is read in it.  A message on which it dies, or spends a minute of the processor, is remembered in
// `Mailbox::poison`, and every search looks at it.  No delivery waits for a visit.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "lib/base/result.h"
#include "lib/base/sandbox.h"
#include "lib/store/account.h"
#include "lib/store/search_index.h"

namespace jd::indexd {

struct Mailbox {
  std::string path;             // its directory
  std::string name;             // "domain/user", for the log
  std::set<uint64_t> poison{};  // stamps
};

class Visitor {
 public:
  // memory: bytes that a visit may have; 0: no limit.  terms: of mailboxes.  before: for tests, called in the visit's
  // process with the stamp of each message that is read.
  static Result<Visitor> make(uint64_t memory, const store::Terms& terms, std::function<void(uint64_t)> before = nullptr);
  // How visits have documents read; without it they are not.
  void have_documents_read(store::DocumentReading r) { documents_ = std::move(r); }
  // Until it is done.  `signals`: a descriptor that becomes readable when indexd is to end; then the
  // visit is broken off, what it had written stays.  true: all of the mailbox is indexed.
  bool visit(Mailbox& m, int signals);

 private:
  struct Shared;  // with the process of the visit
  enum class End : uint8_t { done, failed, died, told };
  Visitor(sandbox::CallFilter filter, uint64_t memory, Shared* shared) : filter_(std::move(filter)), memory_(memory), shared_(shared) {}
  [[noreturn]] void work(const Mailbox& m);
  End wait(pid_t child, int signals);

  sandbox::CallFilter filter_;
  uint64_t memory_;
  store::Terms terms_;
  store::DocumentReading documents_;
  std::function<void(uint64_t)> before_;
  Shared* shared_;  // for as long as indexd runs
};

}  // namespace jd::indexd
