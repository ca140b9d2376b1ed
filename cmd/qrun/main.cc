// SPDX-License-Identifier: MIT
// qrun: schedule the queue: what is due, to whom, how many at once, when to retry, when to give up.
// Row "qrun" of jdmail(7).
#include <sys/inotify.h>
#include <unistd.h>

#include "cmd/qrun/admin.h"
#include "cmd/qrun/agents.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

Result<queue::RunnerConfig> runner_config(const Config& c, const Paths& paths, const std::string& boot_id) {
  queue::RunnerConfig r;
  r.boot_id = boot_id;
  r.hostname = c.hostname;
  r.postmaster = c.postmaster.empty() ? "postmaster@" + c.hostname : c.postmaster;
  queue::RetryPolicy usual{c.retry, c.warn_after.ns ? c.warn_after : c.give_up_after + days(1), c.give_up_after};
  TRY(r.retry, queue::RetryRules::load(usual, paths.etc + "/retry"));
  TRY(r.routes, queue::Routes::load(paths.etc + "/routes"));
  r.srs = c.srs;
  r.verp_separator = c.subaddress_separator.empty() ? "+" : c.subaddress_separator;
  using Language = queue::ReportLanguage;
  r.report_language = c.report_language == "en" ? Language::english : c.report_language == "zh" ? Language::chinese :
                      c.report_language == "both" ? Language::both : Language::sender;
  r.limits.max = static_cast<unsigned>(c.concurrency);
  return r;
}

struct Qrun : Service {
  Config config;
  Paths paths;
  net::Loop loop;
  net::Task pump{loop, [this] { work(); }};
  net::Timer tick{loop, [this] { second(); }};
  net::Watch watch{loop, [this](uint32_t) { read_new_files(); }};
  Fd inotify;
  Time stop_until{};  // 0: not asked to stop
  static constexpr Span stop_patience = seconds(10);  // remote-deliver takes at most 5
  DirectoryRouter router;
  Agents agents;
  queue::RunnerConfig settings;
  std::unique_ptr<queue::Runner> runner;
  ipc::Server journal{loop, [this](ipc::Request r) { journal_request(std::move(r)); }};
  QueueAdmin orders{loop, [this] { pump.start(); }};
  ipc::Server told{loop, [this](ipc::Request r) {
    if (r.cmd() != "stats") return r.reply(Error(Fault::usage, "this socket knows cmd=stats"));
    orders.take(std::move(r));
  }};
  ipc::Server admin{loop, [this](ipc::Request r) { orders.take(std::move(r)); }};

  // Not there: each start counts as one after a power cut, which costs only work.
  std::string boot_id = file::read_all("/proc/sys/kernel/random/boot_id").value_or(unique_id());

  explicit Qrun(const Context& c)
      : config(c.config), paths(c.paths), router(loop, paths),
        agents(loop, paths, router, [this] { pump.start(); }) {}

  Status listen() {  // with full rights: etc/ is not the queue's
    TRY(settings, runner_config(config, paths, boot_id));
    journal.allow({});
    if (auto ids = user_ids("jdqueue")) {
      journal.allow({ids->uid});
      admin.allow({ids->uid});
      auto net = user_ids("jdnet");
      told.allow(net ? std::vector<uint32_t>{ids->uid, net->uid} : std::vector<uint32_t>{ids->uid});
    } else {
      admin.allow({});
      told.allow({});
    }
    CHECK(journal.listen(paths.socket("qrun"), 0666));
    CHECK(told.listen(paths.socket("qrun-stats"), 0666));  // numbers only; peers are told apart
    return admin.listen(paths.socket("qrun-admin"), 0600);
  }

  Status setup() override {
    inotify = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return fail_errno(errno, "cannot watch the queue");
    CHECK(queue::FileStore::open(paths.queue));
    std::string fresh = paths.queue + "/new";
    if (::inotify_add_watch(inotify.get(), fresh.c_str(), IN_MOVED_TO) < 0)
      return fail_errno(errno, "cannot watch {}", fresh);
    CHECK(watch.start(inotify.get(), EPOLLIN));
    TRY(runner, queue::Runner::open(paths.queue, std::move(settings), agents));
    agents.set_runner(runner.get());
    orders.set_runner(runner.get());
    return {};
  }

  int run() override {
    second();
    int status = net::serve(loop, [this] { stop(); });
    runner->pump();  // what is known to be done is written down
    runner->write_stop_note();
    return status;
  }

  // What the agents have may end: an answer that nobody hears means that mail is sent again.
  void stop() {
    if (stop_until.ns) return;
    stop_until = monotonic() + stop_patience;
    runner->stop_dispatch();
    pump.start();
    tick.start({});
  }

  void work() {
    runner->pump();
    if (stop_until.ns && runner->is_quiet()) return loop.stop();
    if (runner->has_more()) pump.start();
  }

  void second() {
    if (stop_until.ns && monotonic() >= stop_until) return loop.stop();
    agents.connect();
    runner->tick();
    pump.start();
    tick.start(seconds(1));
  }

  void read_new_files() {
    alignas(inotify_event) char buffer[64 << 10];
    ssize_t n = ::read(inotify.get(), buffer, sizeof buffer);
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= n;) {
      auto* e = reinterpret_cast<inotify_event*>(buffer + at);
      if (e->mask & IN_Q_OVERFLOW) runner->look_for_new_files();
      else if (e->len) runner->new_file(e->name);
      at += static_cast<ssize_t>(sizeof(inotify_event) + e->len);
    }
    pump.start();
  }

  void journal_request(ipc::Request r) {
    if (r.cmd() != "journal") return r.reply(Error(Fault::usage, "this socket knows cmd=journal"));
    runner->journal_grew(static_cast<uint32_t>(r.message.number("segment")), r.message.number("offset"));
    r.reply(ipc::Message::ok());
    pump.start();
  }
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "qrun",
      .about = "schedule the queue: deliver what is due, retry, give up and bounce",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdqueue", .root = "", .paths = {{c.paths.queue, true}, {c.paths.run, false}},
                .calls = sandbox::files | sandbox::net, .descriptors = 16384};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.queue));
        auto q = std::make_unique<Qrun>(c);
        CHECK(q->listen());
        return std::unique_ptr<Service>(std::move(q));
      },
  });
}
