// SPDX-License-Identifier: MIT
// keeperd: keeps mailboxes in order while nobody looks: expiry, and what else takes time.  Row
// "keeperd" of jdmail(7).  It serves nobody and listens nowhere.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/keeperd/rounds.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/priority.h"
#include "lib/net/serve.h"
#include "lib/store/format.h"

namespace jd {
namespace {

// Behind everybody who waits for an answer, but not so far that a lock it holds keeps them waiting.
void be_modest() {
  if (auto r = stand_behind(10, Turn::last); !r) log::warn("rights", {{"step", "priority"}, {"skipped", r.error().what}});
}

bool is_asked_to_end() {
  sigset_t waiting;
  sigemptyset(&waiting);
  return ::sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

class Keeperd : public Service {
 public:
  Keeperd(const Context& c, std::vector<store::ExpireRule> rules)
      : config_(c.config), rounds_(config_, c.paths.mail, std::move(rules), [] { return !is_asked_to_end(); }),
        inject_(c.paths.socket("queue-inject")), look_(loop_, [this] { look(); }), next_(loop_, [this] { next(); }) {}
  int run() override {
    look_.start({});
    return net::serve(loop_, [this] { loop_.stop(); });
  }

 private:
  void look() {
    if (auto r = rounds_.look(); !r) log::failure("keep_failed", r.error());
    if (auto filling = rounds_.take_filling(); !filling.empty()) {
      auto told = tell_postmaster(config_, inject_, filling);
      if (told) log::info("quota_notice", {{"mailboxes", filling.size()}, {"to", config_.postmaster}});
      else log::failure("quota_notice_failed", told.error());  // after the next look
    }
    next();
  }

  void next() {
    Time begin = monotonic();
    // As much rest as work: others have half of the disk at the worst.
    if (rounds_.step()) return next_.start(std::min(monotonic() - begin, seconds(10)));
    look_.start(std::max(Span{config_.keep_every.ns / 24}, milliseconds(200)));  // so late is an account's turn at the most
  }

  Config config_;
  net::Loop loop_;
  Rounds rounds_;
  std::string inject_;
  net::Timer look_, next_;
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "keeperd",
      .about = "keep mailboxes in order: expire old mail, drop what was deleted long ago",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdmail", .root = "", .paths = {{c.paths.mail, true}, {c.paths.run, true}}, .calls = sandbox::files | sandbox::net, .descriptors = 4096};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.mail, 0700));
        (void)store::boot_id();  // while /proc can be read: mailboxes are to be opened as deliveries open them
        TRY(auto rules, store::expire_rules(c.config));
        be_modest();
        return std::unique_ptr<Service>(std::make_unique<Keeperd>(c, std::move(rules)));
      },
  });
}
