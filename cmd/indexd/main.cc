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
#include "lib/store/document_reader.h"
#include "lib/store/format.h"

namespace jd::indexd {
namespace {

// Without it what is in documents is not found, and all else is.
std::optional<store::DocumentReader> start_reader(const Context& c) {
  if (!c.config.search_documents) return {};
  // One of its own where `make install` has made it: should its sandbox fail, it still cannot read mail.
  std::string user = !c.paths.is_system() ? "" : user_ids("jddoc") ? "jddoc" : "jdmail";
  auto r = store::DocumentReader::start(c.paths.libexec + "/document-text", user);
  if (r) return std::move(*r);
  log::failure("documents_unread", r.error());
  return {};
}

constexpr Span after_start = minutes(1);  // a machine that starts has enough to do

class Indexd : public Service {
 public:
  Indexd(const Context& c, std::optional<store::DocumentReader> documents) : documents_(std::move(documents)), news_(c.paths.mail, documents_ ? documents_->reading().kinds : 0), every_(c.config.search_every), memory_(c.config.session_memory), terms_{.maps = true, .keep_gone = c.config.keep_expunged()} {}

  Status setup() override {
    (void)mime::fold("\xE4\xB8\x80");  // its tables are read once, not in each visit
    TRY(Visitor v, Visitor::make(memory_, terms_));
    visitor_.emplace(std::move(v));
    if (documents_) visitor_->have_documents_read(documents_->reading());
    return {};
  }

  int run() override {
    sigset_t set;
    sigemptyset(&set);
    for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
    Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
    ready();
    Span pause = std::min(every_, after_start);
    for (;;) {
      pollfd p{signals.get(), POLLIN, 0};
      if (::poll(&p, 1, static_cast<int>(std::min<int64_t>(pause.ms(), 86'400'000))) > 0) return 0;
      Mailbox* m = news_.next();
      if (m) {
        Time began = now();
        bool is_done = visitor_->visit(*m, signals.get());
        news_.visited(*m, began, is_done);
      }
      if (documents_ && documents_->has_ended()) {
        log::error("fatal", {{"what", "the reader of documents has ended"}, {"todo", "nothing: it is started again"}});
        return 111;
      }
      pause = m ? Span{} : every_;
    }
  }

 private:
  std::optional<store::DocumentReader> documents_;
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
        if (auto r = stand_behind(19, Turn::idle); !r) log::info("rights", {{"step", "priority"}, {"skipped", r.error().what}});
        (void)store::boot_id();  // while /proc can be read: mailboxes are to be opened as deliveries open them
        CHECK(file::make_directories(c.paths.mail, 0700));
        return std::unique_ptr<Service>(std::make_unique<indexd::Indexd>(c, indexd::start_reader(c)));
      },
  });
}
