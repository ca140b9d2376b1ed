// SPDX-License-Identifier: MIT
// indexd: keep the search indexes of all mailboxes up to date.  Row "indexd" of jdmail(7).
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "cmd/indexd/news.h"
#include "cmd/indexd/visit.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/priority.h"
#include "lib/mime/charset.h"
#include "lib/store/format.h"

namespace jd::indexd {
namespace {

class Indexd : public Service {
 public:
  explicit Indexd(const Context& c) : news_(c.paths.mail), every_(c.config.search_every), memory_(c.config.session_memory), terms_{.maps = true, .keep_gone = c.config.keep_expunged()} {}

  Status setup() override {
    (void)mime::fold("\xE4\xB8\x80");  // its tables are read once, not in each visit
    TRY(Visitor v, Visitor::make(memory_, terms_));
    visitor_.emplace(std::move(v));
    return {};
  }

  int run() override {
    sigset_t set;
    sigemptyset(&set);
    for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
    Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
    ready();
    for (;;) {
      Mailbox* m = news_.next();
      if (m) {
        Time began = now();
        bool is_done = visitor_->visit(*m, signals.get());
        news_.visited(*m, began, is_done);
      }
      pollfd p{signals.get(), POLLIN, 0};
      int wait_ms = m ? 0 : static_cast<int>(std::min<int64_t>(every_.ms(), 86'400'000));
      if (::poll(&p, 1, wait_ms) > 0) return 0;
    }
  }

 private:
  News news_;
  Span every_;
  uint64_t memory_;
  store::Terms terms_;
  std::optional<Visitor> visitor_;
};

}  // namespace
}  // namespace jd::indexd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "indexd",
      .about = "keep the search indexes of all mailboxes up to date",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdmail", .root = "", .paths = {{c.paths.mail, true}},
                .calls = sandbox::files | sandbox::processes | sandbox::confine, .descriptors = 1024};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        // Whatever else runs comes first.
        if (auto r = stand_behind(19, IoTurn::idle); !r) log::info("rights", {{"step", "priority"}, {"skipped", r.error().what}});
        (void)store::boot_id();  // while /proc can be read: mailboxes are to be opened as deliveries open them
        CHECK(file::make_directories(c.paths.mail, 0700));
        return std::unique_ptr<Service>(std::make_unique<indexd::Indexd>(c));
      },
  });
}
