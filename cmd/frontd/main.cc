// SPDX-License-Identifier: MIT
// frontd: the pre-auth side of IMAP and POP3: TLS, greeting, AUTH; then hands the session over.
// Row "frontd" of jdmail(7).

#include "cmd/frontd/door.h"
#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/net/listener.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

constexpr unsigned kept_descriptors = 100;  // for what logins need

struct Place {
  std::string address;
  Protocol protocol;
  bool tls_at_once;
  // In TLS from the first byte an answer in clear would be noise.
  std::string busy_text() const {
    if (tls_at_once) return "";
    return protocol == Protocol::imap ? "* BYE too many sessions, try again later\r\n" : "-ERR [SYS/TEMP] too many sessions, try again later\r\n";
  }
};

// In the order in which the master opens them.
std::vector<Place> places(const Config& c) {
  std::vector<Place> r;
  for (auto& a : c.listen_imap) r.push_back({a, Protocol::imap, false});
  for (auto& a : c.listen_imaps) r.push_back({a, Protocol::imap, true});
  for (auto& a : c.listen_pop3) r.push_back({a, Protocol::pop3, false});
  for (auto& a : c.listen_pop3s) r.push_back({a, Protocol::pop3, true});
  return r;
}

Result<std::vector<Fd>> open_places(const Context& c) {
  std::vector<std::string> addresses;
  for (auto& p : places(c.config)) addresses.push_back(p.address);
  return net::listen_on_all(addresses);
}

class Frontd : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<Frontd> s(new Frontd(c));
    TRY(s->shared_.tls, net::server_tls(c.paths.etc, c.config));
    auto all = places(c.config);
    for (std::size_t i = 0; i < all.size() && i < c.inherited.size(); i++) {
      auto place = all[i];
      if (place.tls_at_once && !s->shared_.tls) return fail(Fault::usage, "{} needs tls.certificate and tls.key", place.address);
      s->listeners_.push_back(std::make_unique<net::Listener>(
          s->loop_, std::move(c.inherited[i]), [raw = s.get(), place](Fd fd, const net::Address& peer) { raw->accept(std::move(fd), peer, place); }));
      s->listeners_.back()->when_full(place.busy_text(), kept_descriptors, [raw = s.get()] { return raw->loop_.kept() >= raw->config_.sessions; });
    }
    return std::unique_ptr<Service>(std::move(s));
  }

  int run() override {
    return net::serve(loop_, listeners_, [this] { end(); });
  }

 private:
  explicit Frontd(Context& c)
      : config_(c.config), directory_(loop_, c.root_run, c.paths.socket("directory")),
        sessions_(loop_, "sessiond", c.paths.socket("sessiond")), shared_{loop_, config_, directory_, sessions_, nullptr, pop3::Offer::of(c.config)} {}

  void accept(Fd fd, const net::Address& peer, const Place& place) {
    auto door = std::make_unique<Door>(shared_, place.protocol, place.tls_at_once, peer.ip(), peer.is_loopback(), [this](Door& d) {
      loop_.drop(d);
      if (ending_ && loop_.kept() == 0) loop_.stop();
    });
    auto& raw = *door;
    loop_.keep(std::move(door));
    raw.open(std::move(fd));
  }

  // Sessions behind TLS go on until they end by themselves.
  void end() {
    ending_ = true;
    listeners_.clear();
    loop_.each_kept([](net::Kept& k) { static_cast<Door&>(k).dismiss(); });
    if (loop_.kept() == 0) loop_.stop();
  }

  Config config_;
  net::Loop loop_;
  directory::Client directory_;
  ipc::AsyncClient sessions_;
  DoorShared shared_;
  net::Listeners listeners_;
  bool ending_ = false;
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "frontd",
      .about = "the door of IMAP and POP3: TLS and login",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdnet", .root = c.paths.run, .paths = {}, .calls = sandbox::net, .descriptors = c.config.sessions * 2 + 2 * kept_descriptors};
      },
      .open = Frontd::open,
      .workers = [](const Config& c) { return static_cast<int>(c.frontd_processes); },
      .listen = open_places,
  });
}
