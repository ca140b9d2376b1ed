// SPDX-License-Identifier: MIT
#include "cmd/indexd/visit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "lib/base/log.h"
#include "lib/store/account.h"

namespace jd::indexd {
namespace {
constexpr int max_deaths = 20;          // of one visit; the rest waits for the next
constexpr Span per_message = minutes(1);  // of the processor
constexpr int look_every_ms = 20;       // whether the visit has ended
}  // namespace

struct Visitor::Shared {
  std::atomic<uint64_t> reading{0};  // stamp
  store::IndexState state;           // once it is done
};

Result<Visitor> Visitor::make(uint64_t memory, const store::Terms& terms, std::function<void(uint64_t)> before) {
  void* p = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return fail_errno(errno, "cannot share memory with visits");
  TRY(auto filter, sandbox::CallFilter::make(sandbox::files));
  Visitor v(std::move(filter), memory, new (p) Shared);
  v.terms_ = terms;
  v.before_ = std::move(before);
  return v;
}

void Visitor::work(const Mailbox& m) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  auto run = [&]() -> Status {
#ifndef __SANITIZE_ADDRESS__  // whose shadow has more than any limit
    rlimit memory{memory_, memory_};
    if (memory_ && ::setrlimit(RLIMIT_DATA, &memory) < 0) return fail_errno(errno, "cannot limit the memory");
#endif
    CHECK(sandbox::confine_session(m.path, filter_));
    // For reading only: it must hold nothing that a delivery waits for.
    TRY(auto account, store::Account::open_shared(m.path, false, terms_));
    store::IndexOptions o;
    o.reading = [&](uint64_t stamp) {
      shared_->reading = stamp;
      sandbox::limit_cpu(stamp ? per_message : Span{});
      if (stamp && before_) before_(stamp);
    };
    o.skip = [&](uint64_t stamp) { return m.poison.count(stamp) != 0; };
    o.documents = documents_;
    TRY(shared_->state, store::index_account(*account, o));
    return {};
  }();
  if (!run) log::failure("index_failed", run.error(), {{"mailbox", m.name}});
  ::_exit(run ? 0 : 111);
}

Visitor::End Visitor::wait(pid_t child, int signals) {
  for (;;) {
    int status = 0;
    pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended < 0) return End::failed;
    if (ended == child) return WIFSIGNALED(status) ? End::died : WEXITSTATUS(status) == 0 ? End::done : End::failed;
    pollfd p{signals, POLLIN, 0};
    if (::poll(&p, 1, look_every_ms) <= 0) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return End::told;
  }
}

bool Visitor::visit(Mailbox& m, int signals) {
  for (int deaths = 0; deaths < max_deaths; ++deaths) {
    shared_->reading = 0;
    shared_->state = {};
    pid_t child = ::fork();
    if (child < 0) {
      log::error("fork_failed", {{"what", errno_text(errno)}});
      return false;
    }
    if (child == 0) work(m);
    End end = wait(child, signals);
    uint64_t stamp = shared_->reading;
    if (end == End::died && stamp) {
      log::error("index_message_skipped", {{"mailbox", m.name}, {"message", fmt::format("{:016x}", stamp)},
                                           {"todo", "nothing: every search looks at it; a message that kills its reader is worth a report"}});
      m.poison.insert(stamp);
      continue;
    }
    auto& s = shared_->state;
    if (end == End::died) log::error("index_failed", {{"mailbox", m.name}, {"what", "its process died"}});
    if (end != End::done) return false;
    if (s.added)
      log::info("indexed", {{"mailbox", m.name}, {"added", s.added}, {"messages", s.messages}, {"files", s.files}, {"bytes", s.bytes}, {"with_documents", s.with_documents}});
    return !s.is_busy && !s.later;
  }
  return false;
}

}  // namespace jd::indexd
