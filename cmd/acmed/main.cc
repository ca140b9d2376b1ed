// SPDX-License-Identifier: MIT
// acmed: get and renew certificates.  Row "acmed" of jdmail(7).
//   etc/tls/acme/account.key            our key at the authority
//   etc/tls/acme/<name>/{cert,key}.pem  what it gave us; <name> is the first of the certificate's names
// run/acmed.sock (root and the instance's owner):  renew [name] -> when it is done
#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>

#include "cmd/acmed/acme.h"
#include "cmd/acmed/reloader.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/dns/unbound.h"
#include "lib/ipc/server.h"
#include "lib/net/certificate.h"
#include "lib/net/serve.h"

namespace jd {
namespace {
constexpr Span look_each = hours(1), first_retry = minutes(10), longest_retry = hours(24), after_success = hours(24);

// No host has such a name: certificates_below() passes these over.
std::string old_of(const std::string& name) { return name + "~old"; }

class Acmed : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<Acmed> s(new Acmed(c));
    auto& config = c.config;
    CHECK(file::make_directories(s->dir_, 0700));
    if (auto ids = user_ids("jdacme"); ids && c.paths.is_system() && ::chown(s->dir_.c_str(), ids->uid, ids->gid) < 0)
      return fail_errno(errno, "cannot give {} to jdacme", s->dir_);
    CHECK(s->responder_.bind(config.acme_challenge == "tls-alpn-01" ? config.acme_tls_alpn : config.acme_http));
    TRY(auto reloader, Reloader::start(c.root_run));
    s->reloader_.emplace(std::move(reloader));
    dns::UnboundOptions o;
    o.servers = config.dns_servers;
    TRY(s->resolver_, dns::UnboundResolver::open(s->loop_, o));
    http::Options web;
    web.ca_file = config.acme_ca_file.empty() || config.acme_ca_file[0] == '/' ? config.acme_ca_file : c.paths.etc + "/" + config.acme_ca_file;
    web.resolve = [raw = s.get()](const std::string& host, uint16_t port, auto done) { raw->resolve(host, port, std::move(done)); };
    TRY(s->web_, http::Client::open(s->loop_, std::move(web)));
    s->server_.allow({});
    CHECK(s->server_.listen(c.root_run + "/acmed.sock", 0600));
    return std::unique_ptr<Service>(std::move(s));
  }

  Status setup() override {
    TRY(auth::Key key, account_key());
    acme_ = std::make_unique<Acme>(loop_, *web_, responder_, std::move(key), config_.acme_directory, config_.acme_contact);
    TRY(Fd dir, file::open(dir_, O_RDONLY | O_DIRECTORY));
    for (auto& c : config_.acme_certificates) {
      Wanted w;
      for (auto name : words(c)) w.names.push_back(lower(name));
      // The power went between the two renames of install().
      std::string old = old_of(w.names[0]);
      if (!file::exists(dir_ + "/" + w.names[0]) && file::exists(dir_ + "/" + old)) CHECK(file::rename(dir.get(), old, w.names[0]));
      wanted_.push_back(std::move(w));
    }
    return {};
  }

  int run() override {
    look_.start(milliseconds(100));
    return net::serve(loop_, [this] { loop_.stop(); });
  }

 private:
  struct Wanted {
    std::vector<std::string> names;
    bool is_asked_for = false;  // by renew
    Time not_before{};          // after a failure; monotonic
    Span pause = first_retry;
    std::vector<std::shared_ptr<ipc::Request>> waiting;
  };

  explicit Acmed(const Context& c)
      : config_(c.config), dir_(c.paths.tls + "/acme"), responder_(loop_, c.config.acme_challenge == "tls-alpn-01", dir_) {}

  Result<auth::Key> account_key() {
    TRY(Fd dir, file::open(dir_, O_RDONLY | O_DIRECTORY));
    auto text = file::read_all(dir.get(), "account.key", 64 << 10);
    if (text) return wrap(auth::Key::from_pem(Secret(*text)), "{}/account.key", dir_);
    if (text.error().sys != ENOENT) return Unexpected(text.error());
    TRY(auth::Key made, auth::Key::make());
    CHECK(file::write_durable(dir.get(), "account.key", made.pem().reveal()));
    return made;
  }

  void resolve(const std::string& host, uint16_t port, std::function<void(Result<std::vector<net::Address>>)> done) {
    if (host == "localhost") return done(std::vector<net::Address>{*net::Address::of("127.0.0.1", port)});
    resolver_->addresses(host, port, [host, done](dns::AddressAnswer a) {
      if (a.outcome == dns::Outcome::found) return done(std::move(a.addresses));
      done(fail(Fault::temp, "{} has no address: {}", host, a.why.empty() ? dns::name_of(a.outcome) : a.why));
    });
  }

  // A third of its life is left at the most, or it is not for these names.
  bool is_due(const Wanted& w) const {
    if (w.is_asked_for) return true;
    if (monotonic() < w.not_before) return false;
    auto c = net::read_certificate(fmt::format("{}/{}/cert.pem", dir_, w.names[0]));
    if (!c) return true;
    for (auto& n : w.names)
      if (!net::is_for(c->names, n)) return true;
    return (c->not_after - now()).ns < (c->not_after - c->not_before).ns / 3;
  }

  void look() {
    look_.start(look_each);
    if (acme_->is_busy()) return;
    auto w = std::find_if(wanted_.begin(), wanted_.end(), [this](auto& x) { return is_due(x); });
    if (w != wanted_.end()) begin(*w);
  }

  void begin(Wanted& w) {
    auto key = auth::Key::make();
    if (!key) return ended(w, Unexpected(key.error()));
    log::info("certificate_ordered", {{"name", w.names[0]}, {"names", w.names.size()}});
    acme_->order(w.names, *key, [this, &w, key = *key](Result<std::string> chain) {
      ended(w, chain ? install(w.names, *chain, key) : Status(Unexpected(chain.error())));
    });
  }

  // Both files are there under the name together, or the old ones are.
  Status install(const std::vector<std::string>& names, const std::string& chain, const auth::Key& key) {
    const std::string& name = names[0];
    TRY(auto c, net::parse_certificate(chain));
    for (auto& n : names)
      if (!net::is_for(c.names, n)) return fail(Fault::temp, "the authority's certificate is not for {}", n);
    TRY(Fd dir, file::open(dir_, O_RDONLY | O_DIRECTORY));
    std::string fresh = name + "~new", old = old_of(name);
    CHECK(file::remove_tree(dir_ + "/" + fresh));
    CHECK(file::make_directory(dir.get(), fresh, 0700));
    TRY(Fd inside, file::open(dir.get(), fresh, O_RDONLY | O_DIRECTORY));
    CHECK(file::write_durable(inside.get(), "key.pem", key.pem().reveal()));
    CHECK(file::write_durable(inside.get(), "cert.pem", chain, 0644));
    CHECK(file::remove_tree(dir_ + "/" + old));
    if (file::exists(dir_ + "/" + name)) CHECK(file::rename(dir.get(), name, old));
    CHECK(file::rename(dir.get(), fresh, name));
    CHECK(file::sync_directory(dir.get()));
    return file::remove_tree(dir_ + "/" + old);
  }

  void ended(Wanted& w, const Status& s) {
    if (s) {
      auto c = net::read_certificate(fmt::format("{}/{}/cert.pem", dir_, w.names[0]));
      log::info("certificate_renewed", {{"name", w.names[0]}, {"until", c ? iso8601(c->not_after) : "?"}});
      reloader_->reload();
      w.pause = first_retry;
      w.not_before = monotonic() + after_success;  // whatever our clock makes of the new one
    } else {
      log::error("certificate_not_renewed", {{"name", w.names[0]}, {"what", s.error().what}, {"again", span_text(w.pause)}});
      w.not_before = monotonic() + w.pause;
      w.pause = std::min(w.pause * 2, longest_retry);
    }
    w.is_asked_for = false;
    for (auto& r : w.waiting) r->reply(s);
    w.waiting.clear();
    look_.start(s ? milliseconds(10) : minutes(1));  // the next one
  }

  void handle(ipc::Request r) {
    if (r.cmd() != "renew") return r.reply(Error(Fault::usage, "acmed knows no such request"));
    std::string name = lower(r.message.get("name"));
    auto w = std::find_if(wanted_.begin(), wanted_.end(), [&](auto& x) { return x.names[0] == name; });
    if (w == wanted_.end()) return r.reply(Error(Fault::perm, fmt::format("acme.certificates has none whose first name is '{}'", escape(name))));
    w->is_asked_for = true;
    w->waiting.push_back(std::make_shared<ipc::Request>(std::move(r)));
    look_.start(milliseconds(1));
  }

  Config config_;
  std::string dir_;
  net::Loop loop_;
  net::Timer look_{loop_, [this] { look(); }};
  Responder responder_;
  std::optional<Reloader> reloader_;
  std::unique_ptr<dns::UnboundResolver> resolver_;
  std::unique_ptr<http::Client> web_;
  std::unique_ptr<Acme> acme_;
  std::vector<Wanted> wanted_;
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "acmed",
      .about = "get and renew certificates by ACME",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdacme", .root = "", .paths = {{c.paths.tls + "/acme", true}},
                .calls = sandbox::net | sandbox::files | sandbox::threads, .descriptors = 1024};
      },
      .open = Acmed::open,
  });
}
