// SPDX-License-Identifier: MIT
// remote-deliver: speak SMTP to other hosts.  Row "remote-deliver" of jdmail(7).  What it is asked is in
// lib/queue/agent.h; only qrun may ask.
#include <signal.h>

#include "cmd/remote-deliver/delivery.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/dns/unbound.h"

namespace jd {
namespace {

class RemoteDeliver : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<RemoteDeliver> s(new RemoteDeliver(c));
    dns::UnboundOptions o;
    o.servers = c.config.dns_servers;
    for (auto& x : o.servers)
      if (auto at = x.find('@'); at != x.npos) x[at] = ':';
    TRY(s->resolver_, dns::UnboundResolver::open(s->loop_, o));
    s->shared_ = std::make_unique<RemoteShared>(RemoteShared{s->loop_, s->config_, *s->resolver_, nullptr, nullptr, Secret()});
    TRY(s->shared_->opportunistic, net::TlsContext::client(false));
    TRY(s->shared_->verified, net::TlsContext::client(true));
    if (auto& f = c.config.smarthost_password_file; !f.empty()) {
      TRY(std::string text, file::read_all(f[0] == '/' ? f : c.paths.etc + "/" + f, 4096));
      s->shared_->password = Secret(trim(text));
      wipe(text);
    }
    if (auto ids = user_ids("jdqueue")) s->server_.allow({ids->uid});
    else s->server_.allow({});
    CHECK(s->server_.listen(c.root_run + "/remote-deliver.sock", 0666));
    return std::unique_ptr<Service>(std::move(s));
  }

  int run() override {
    for (int sig : {SIGTERM, SIGINT})
      if (auto r = loop_.on_signal(sig, [this] { loop_.stop(); }); !r) return exit_code(r.error().fault);
    ready();
    log::info("started");
    loop_.run();
    return 0;
  }

 private:
  explicit RemoteDeliver(const Context& c) : config_(c.config) {}

  void handle(ipc::Request r) {
    if (r.cmd() != "remote") return r.reply(Error(Fault::usage, "remote-deliver knows no such request"));
    queue::Pairs pairs;
    for (auto& [k, v] : r.message.pairs()) pairs.emplace_back(k, v);
    auto d = queue::RemoteDelivery::decode(pairs);
    if (!d) return r.reply(d.error());
    std::string message = r.message.take_body();
    if (!r.message.fds.empty()) {
      auto bytes = file::read_at(r.message.fds[0].get(), static_cast<std::size_t>(d->size), 0);
      if (!bytes || bytes->size() != d->size) return r.reply(Error(Fault::temp, "the message cannot be read"));
      message = std::move(*bytes);
    }
    auto delivery = std::make_unique<Delivery>(*shared_, std::move(r), std::move(*d), std::move(message));
    auto& raw = *delivery;
    loop_.keep(std::move(delivery));
    raw.begin();
  }

  Config config_;
  net::Loop loop_;
  std::unique_ptr<dns::UnboundResolver> resolver_;
  std::unique_ptr<RemoteShared> shared_;
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "remote-deliver",
      .about = "deliver queued mail to other hosts",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdnet", .root = c.paths.run, .paths = {}, .calls = sandbox::net | sandbox::threads, .descriptors = 4096};
      },
      .open = RemoteDeliver::open,
  });
}
