// SPDX-License-Identifier: MIT
// remote-deliver: speak SMTP to other hosts.  Row "remote-deliver" of jdmail(7).  What it is asked is in
// lib/queue/agent.h; only qrun may ask.

#include <optional>

#include "cmd/remote-deliver/delivery.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/dns/dnssec.h"
#include "lib/dns/unbound.h"
#include "lib/http/client.h"
#include "lib/log/state_file.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

class RemoteDeliver : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<RemoteDeliver> s(new RemoteDeliver(c));
    CHECK(s->open_resolver(c.config));
    Connections::Settings settings;
    settings.hostname = c.config.hostname;
    std::string ca = in_etc(c, c.config.relay_ca_file);
    TRY(settings.opportunistic, net::TlsContext::client(false));
    TRY(settings.verified, net::TlsContext::client(true, ca));
    TRY(OwnAddresses own, OwnAddresses::of(c.config.hostname, c.config.listen_smtp));
    s->shared_ = std::unique_ptr<RemoteShared>(
        new RemoteShared{s->loop_, s->config_, *s->resolver_, std::move(own), Secret(), Connections(s->loop_, std::move(settings))});
    auto& shared = *s->shared_;
    if (auto& f = c.config.smarthost_password_file; !f.empty()) {
      TRY(shared.password, read_secret(in_etc(c, f)));
    }
    TRY(shared.address_failures, smtp::AddressFailures::parse(c.config.address_failures));
    TRY(shared.routes, queue::Routes::load(c.paths.etc + "/routes"));
    for (auto& r : shared.routes.all()) {
      if (r.password_file.empty()) continue;
      TRY(shared.passwords[r.name], read_secret(in_etc(c, r.password_file)));
    }
    TRY(shared.tls, smtp::TlsTable::load(c.paths.etc + "/tls-policy"));
    CHECK(s->open_policies(c, ca));
    if (auto ids = user_ids("jdqueue")) s->server_.allow({ids->uid});
    else s->server_.allow({});
    CHECK(s->server_.listen(c.root_run + "/remote-deliver.sock", 0666));
    return std::unique_ptr<Service>(std::move(s));
  }

  int run() override {
    int status = net::serve(loop_, [this] { stop(); });
    if (shared_->reports) shared_->reports->flush();
    loop_.each_kept([this](net::Kept& k) { loop_.drop(k); });
    loop_.run_once();  // while what they use is there
    return status;
  }

 private:
  explicit RemoteDeliver(const Context& c) : config_(c.config), inject_(loop_, "queue-inject", c.paths.socket("queue-inject")) {}

  static std::string in_etc(const Context& c, const std::string& f) { return f.empty() || f[0] == '/' ? f : c.paths.etc + "/" + f; }

  static Result<Secret> read_secret(const std::string& path) {
    TRY(std::string text, file::read_all(path, 4096));
    Secret s(trim(text));
    wipe(text);
    return s;
  }

  Status open_resolver(const Config& c) {
    dns::UnboundOptions o;
    o.servers = c.dns_servers;
    std::string anchor = c.dns_trust_anchor.empty() ? "/usr/share/dns/root.key" : c.dns_trust_anchor;
    auto text = c.dns_dnssec == "off" ? Result<std::string>("") : file::read_all(anchor, 1 << 20);
    if (!text && (c.dns_dnssec == "on" || !c.dns_trust_anchor.empty())) return Unexpected(text.error());
    std::vector<std::string> anchors = text ? dns::trust_anchors(*text) : std::vector<std::string>();
    if (anchors.empty()) {
      if (c.dns_dnssec != "off") log::warn("dnssec_off", {{"what", "no trust anchor in " + anchor}});
      TRY(resolver_, dns::UnboundResolver::open(loop_, o));
      return {};
    }
    std::unique_ptr<dns::Resolver> plain;
    TRY(plain, dns::UnboundResolver::open(loop_, o));
    o.trust_anchors = anchors;
    TRY(resolver_, dns::UnboundResolver::open(loop_, o));
    if (c.dns_dnssec == "auto")
      resolver_ = std::make_unique<dns::ProbingResolver>(loop_, std::move(resolver_), std::move(plain), dns::anchor_names(anchors));
    return {};
  }

  // What survives a restart is in a file that is opened now: later none can be.
  Status open_policies(const Context& c, const std::string& ca) {
    CHECK(file::make_directories(c.paths.remote));
    auto kept = journal::StateFile::open(c.paths.remote, "state");
    if (!kept) return Unexpected(kept.error());
    kept_.emplace(std::move(*kept));
    http::Options o;
    o.ca_file = ca;
    o.resolve = [this](const std::string& host, uint16_t port, std::function<void(Result<std::vector<net::Address>>)> done) {
      resolver_->addresses(host, port, [host, done = std::move(done)](dns::AddressAnswer a) {
        if (a.addresses.empty()) return done(fail(Fault::temp, "{} has no address: {}", host, a.why.empty() ? dns::name_of(a.outcome) : a.why));
        done(std::move(a.addresses));
      });
    };
    TRY(web_, http::Client::open(loop_, std::move(o)));
    shared_->sts = std::make_unique<StsPolicies>(loop_, *resolver_, web_.get(), &*kept_, static_cast<uint16_t>(config_.sts_port));
    if (config_.tls_report)
      shared_->reports = std::make_unique<TlsReports>(loop_, *resolver_, web_.get(), &*kept_, &inject_,
                                                      TlsReports::Settings{config_.hostname, config_.postmaster.empty() ? "postmaster@" + config_.hostname : config_.postmaster,
                                                                           config_.tls_report_every});
    return {};
  }

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
  std::optional<journal::StateFile> kept_;
  std::unique_ptr<dns::Resolver> resolver_;
  std::unique_ptr<http::Client> web_;
  ipc::AsyncClient inject_;
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
