// SPDX-License-Identifier: MIT
// local-deliver: put a message into a mailbox exactly once.  Row "local-deliver" of jdmail(7).
// What it is asked is in lib/queue/agent.h; only qrun may ask.

#include <errno.h>
#include <sys/resource.h>

#include <map>

#include "cmd/local-deliver/deliver.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"
#include "lib/net/workers.h"

namespace jd {
namespace {

class LocalDeliver : public Service {
 public:
  explicit LocalDeliver(Context& c) : deliverer_(c.paths.mail, c.config) {
    server_.on_gone([this](uint64_t peer) { segments_.erase(peer); });
  }
  Status listen(const std::string& run_dir) {
    if (auto ids = user_ids("jdqueue")) server_.allow({ids->uid});
    else server_.allow({});
    return server_.listen(run_dir + "/local-deliver.sock", 0666);
  }
  Status setup() override {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) < 0) return fail_errno(errno, "cannot ask how many descriptors there may be");
    deliverer_.have_descriptors(files.rlim_cur);
    CHECK(deliverer_.open());
    return syncs_.start();
  }
  int run() override {
    return net::serve(loop_, [this] { end(); });
  }

 private:
  // qrun, which mostly ends at the same time, hears what became of what it has sent: what it does not hear of is
  // searched for in the mailboxes after the next start.
  void end() {
    if (end_by_.ns) return;
    end_by_ = monotonic() + seconds(2);
    server_.stop();
    see_whether_to_end();
  }
  void see_whether_to_end() {
    constexpr Span silence = milliseconds(200);
    Time at = monotonic();
    if (!server_.connections() || at >= end_by_ || at - asked_ >= silence) return loop_.stop();
    ending_.start(milliseconds(10));
  }

  void handle(ipc::Request r) {
    asked_ = monotonic();
    if (r.cmd() == "segment") {
      if (!r.message.fds.empty()) segments_[r.peer()][static_cast<uint32_t>(r.message.number("n"))] = std::move(r.message.fds[0]);
      if (!r.message.has("id")) return r.forget();
      return r.reply(ipc::Message::ok());
    }
    if (r.cmd() == "unsegment") {
      segments_[r.peer()].erase(static_cast<uint32_t>(r.message.number("n")));
      if (!r.message.has("id")) return r.forget();
      return r.reply(ipc::Message::ok());
    }
    if (r.cmd() == "sync") return sync(std::move(r));
    if (r.cmd() == "deliver") return deliver(std::move(r));
    r.reply(Error(Fault::usage, "local-deliver knows no such request"));
  }

  // Durable is what was delivered when this was asked.  It takes a tenth of a second when there is much: mail
  // flows meanwhile.
  void sync(ipc::Request r) {
    auto asked = std::make_shared<ipc::Request>(std::move(r));
    auto done = std::make_shared<Status>();
    bool taken = syncs_.run([this, done, grown = deliverer_.take_grown()] {
                              deliverer_.write_back(grown);
                              *done = deliverer_.sync();
                            },
                            [asked, done] {
                              if (!*done) log::failure("sync_failed", done->error());
                              asked->reply(*done);
                            });
    if (!taken) asked->reply(Error(Fault::temp, "too many syncs at once"));
  }

  void deliver(ipc::Request r) {
    queue::Pairs pairs;
    for (auto& [k, v] : r.message.pairs()) pairs.emplace_back(k, v);
    auto d = queue::LocalDelivery::decode(pairs);
    if (!d) return r.reply(d.error());
    log::Trace t(d->qid);
    int fd = -1;
    if (d->segment) {
      auto& of_peer = segments_[r.peer()];
      if (auto i = of_peer.find(*d->segment); i != of_peer.end()) fd = i->second.get();
    } else if (!r.message.fds.empty()) {
      fd = r.message.fds[0].get();
    }
    if (fd < 0) return r.reply(Error(Fault::temp, "the message's descriptor did not come along"));
    queue::DeliveryResult answer;
    answer.id = d->id;
    auto message = deliverer_.take_last(*d);
    if (!message) {
      auto read = file::read_at(fd, static_cast<std::size_t>(d->length), d->offset);
      if (!read || read->size() != d->length) {
        log::error("message_unreadable", {{"qid", d->qid}, {"what", read ? "shorter than said" : read.error().what}});
        return r.reply(Error(Fault::temp, "the message cannot be read from the queue"));
      }
      message = std::move(*read);
    }
    last_ = monotonic();
    if (!quiet_.is_running()) quiet_.start(quiet_after);
    answer.recipients.push_back(deliverer_.deliver(*d, std::move(*message), !d->segment));
    ipc::Message m = ipc::Message::ok();
    for (auto& [k, v] : answer.encode())
      if (k != "id") m.set(k, v);
    r.reply(std::move(m));
  }

  // What can wait until nobody delivers, in steps so short that a delivery that comes does not notice.
  void use_quiet() {
    constexpr Span step = milliseconds(10);
    Time begin = monotonic();
    if (begin - last_ < quiet_after) return quiet_.start_at(last_ + quiet_after);
    if (deliverer_.derive([&] { return monotonic() - begin < step; })) quiet_.start(step);
  }

  static constexpr Span quiet_after = seconds(1);
  net::Loop loop_;
  Deliverer deliverer_;
  Time last_{}, asked_{}, end_by_{};  // the last delivery and request; end_by_: 0: not asked to end
  net::Timer quiet_{loop_, [this] { use_quiet(); }};
  net::Timer ending_{loop_, [this] { see_whether_to_end(); }};
  std::map<uint64_t, std::map<uint32_t, Fd>> segments_;
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
  net::Workers syncs_{loop_, 1};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "local-deliver",
      .about = "put queued mail into mailboxes",
      .rights = [](const Context&) -> sandbox::Rights {
        // "/" is for Maildirs that aliases point to; the system's user decides which can be written.
        return {.user = "jdmail", .root = "", .paths = {{"/", true}},
                .calls = sandbox::files | sandbox::threads | sandbox::net, .descriptors = 8192};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.mail, 0700));
        auto s = std::make_unique<LocalDeliver>(c);
        CHECK(s->listen(c.root_run));
        return std::unique_ptr<Service>(std::move(s));
      },
  });
}
