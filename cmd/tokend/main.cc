// SPDX-License-Identifier: MIT
// tokend: say whose a bearer token is, by asking the web servers of its issuer.  Row "tokend" of
// jdmail(7).  It holds no data; only directoryd may ask:
//   token + body (the token) -> account       perm: nobody's; temp: the issuer does not answer

#include "cmd/tokend/tokens.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/dns/unbound.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

class Tokend : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<Tokend> s(new Tokend(c));
    dns::UnboundOptions o;
    o.servers = c.config.dns_servers;
    TRY(s->resolver_, dns::UnboundResolver::open(s->loop_, o));
    http::Options web;
    web.ca_file = below(c, c.config.oauth_ca_file);
    web.resolve = [raw = s.get()](const std::string& host, uint16_t port, auto done) { raw->resolve(host, port, std::move(done)); };
    TRY(s->web_, http::Client::open(s->loop_, std::move(web)));
    Secret secret;
    if (!c.config.oauth_secret_file.empty()) {
      TRY(std::string text, file::read_all(below(c, c.config.oauth_secret_file), 4096));
      secret = Secret(trim(text));
      wipe(text);
    }
    s->tokens_ = std::make_unique<Tokens>(*s->web_, s->config_, std::move(secret));
    if (auto ids = user_ids("jddir")) s->server_.allow({ids->uid});
    else s->server_.allow({});
    CHECK(s->server_.listen(c.root_run + "/tokend.sock", 0666));
    return std::unique_ptr<Service>(std::move(s));
  }

  int run() override {
    return net::serve(loop_, [this] { loop_.stop(); });
  }

 private:
  explicit Tokend(const Context& c) : config_(c.config) {}
  static std::string below(const Context& c, const std::string& path) {
    return path.empty() || path[0] == '/' ? path : c.paths.etc + "/" + path;
  }

  void resolve(const std::string& host, uint16_t port, std::function<void(Result<std::vector<net::Address>>)> done) {
    if (host == "localhost") return done(std::vector<net::Address>{*net::Address::of("127.0.0.1", port)});
    resolver_->addresses(host, port, [host, done](dns::AddressAnswer a) {
      if (a.outcome == dns::Outcome::found) return done(std::move(a.addresses));
      done(fail(Fault::temp, "{} has no address: {}", host, a.why.empty() ? dns::name_of(a.outcome) : a.why));
    });
  }

  void handle(ipc::Request r) {
    if (r.cmd() != "token") return r.reply(Error(Fault::usage, "tokend knows no such request"));
    auto kept = std::make_shared<ipc::Request>(std::move(r));
    std::string text = kept->message.take_body();
    Secret token(text);
    wipe(text);
    tokens_->account_of(std::move(token), [kept](Result<std::string> account) {
      if (!account) return kept->reply(account.error());
      ipc::Message m = ipc::Message::ok();
      m.set("account", *account);
      kept->reply(std::move(m));
    });
  }

  Config config_;
  net::Loop loop_;
  std::unique_ptr<dns::UnboundResolver> resolver_;
  std::unique_ptr<http::Client> web_;
  std::unique_ptr<Tokens> tokens_;
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "tokend",
      .about = "say whose a bearer token is, by asking its issuer",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdnet", .root = c.paths.run, .paths = {}, .calls = sandbox::net | sandbox::threads, .descriptors = 4096};
      },
      .open = Tokend::open,
  });
}
