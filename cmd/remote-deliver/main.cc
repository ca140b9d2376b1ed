// SPDX-License-Identifier: MIT
// remote-deliver: speak SMTP to other hosts.  Row "remote-deliver" of jdmail(7).  What it is asked is in
// lib/queue/agent.h; only qrun may ask.

#include "cmd/remote-deliver/delivery.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/dns/unbound.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"

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
    Connections::Settings settings;
    settings.hostname = c.config.hostname;
    TRY(settings.opportunistic, net::TlsContext::client(false));
    TRY(settings.verified, net::TlsContext::client(true));
    TRY(OwnAddresses own, OwnAddresses::of(c.config.hostname, c.config.listen_smtp));
    s->shared_ = std::unique_ptr<RemoteShared>(
        new RemoteShared{s->loop_, s->config_, *s->resolver_, std::move(own), Secret(), Connections(s->loop_, std::move(settings))});
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
    int status = net::serve(loop_, [this] { stop(); });
    loop_.each_kept([this](net::Kept& k) { loop_.drop(k); });
    loop_.run_once();  // while what they use is there
    return status;
  }

 private:
  explicit RemoteDeliver(const Context& c) : config_(c.config) {}

  // What is under way may end: a message whose end was sent and whose answer is lost is sent twice.
  void stop() {
    if (stopping_) return;
    stopping_ = true;
    server_.stop();
    shared_->connections.stop();
    stop_until_ = monotonic() + stop_patience;
    look();
  }
  void look() {
    if ((loop_.kept() == 0 && shared_->connections.leaving() == 0) || monotonic() >= stop_until_) return loop_.stop();
    stop_timer_.start(milliseconds(20));
  }

  void handle(ipc::Request r) {
    if (stopping_) {
      ipc::Message m = ipc::Message::ok();
      m.set("again", "1");
      return r.reply(std::move(m));
    }
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
    auto answer = [request = std::make_shared<ipc::Request>(std::move(r))](const queue::DeliveryResult& result) {
      ipc::Message m = ipc::Message::ok();
      for (auto& [k, v] : result.encode())
        if (k != "id") m.set(k, v);
      request->reply(std::move(m));
    };
    auto delivery = std::make_unique<Delivery>(*shared_, std::move(*d), std::move(message), std::move(answer));
    auto& raw = *delivery;
    loop_.keep(std::move(delivery));
    raw.begin();
  }

  static constexpr Span stop_patience = seconds(5);
  Config config_;
  net::Loop loop_;
  net::Timer stop_timer_{loop_, [this] { look(); }};
  Time stop_until_;
  bool stopping_ = false;
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
