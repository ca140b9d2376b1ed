// SPDX-License-Identifier: MIT
// smtpd: speak SMTP, submission and LMTP with strangers; many sessions, one event loop, N processes.
// Row "smtpd" of jdmail(7).

#include <unordered_map>

#include "cmd/smtpd/session.h"
#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/net/listener.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

constexpr unsigned kept_descriptors = 100;  // for what sessions need: other daemons, large messages

struct Place {
  std::string address;
  smtp::Kind kind;
  bool tls_at_once;
  // In TLS from the first byte an answer in clear would be noise.
  std::string busy_text(const char* why) const { return tls_at_once ? "" : fmt::format("421 {}, try again later\r\n", why); }
};

// In the order in which the master opens them.
std::vector<Place> places(const Config& c, const std::string& run) {
  std::vector<Place> r;
  for (auto& a : c.listen_smtp) r.push_back({a, smtp::Kind::smtp, false});
  for (auto& a : c.listen_submission) r.push_back({a, smtp::Kind::submission, false});
  for (auto& a : c.listen_submissions) r.push_back({a, smtp::Kind::submission, true});
  if (c.lmtp) r.push_back({"unix:" + run + "/lmtp.sock", smtp::Kind::lmtp, false});
  return r;
}

Result<std::vector<Fd>> open_places(const Context& c) {
  std::vector<std::string> addresses;
  for (auto& p : places(c.config, c.paths.run)) addresses.push_back(p.address);
  return net::listen_on_all(addresses);
}

class Smtpd : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    std::unique_ptr<Smtpd> s(new Smtpd(c));
    TRY(s->shared_.tls, net::server_tls(c.paths.etc, c.config.tls_certificate, c.config.tls_key));
    for (auto& n : c.config.relay_from) {
      TRY(auto network, net::Network::parse(n));
      s->relay_from_.push_back(network);
    }
    auto all = places(c.config, c.root_run);
    for (std::size_t i = 0; i < all.size() && i < c.inherited.size(); i++) {
      auto place = all[i];
      if (place.tls_at_once && !s->shared_.tls) return fail(Fault::usage, "listen.submissions needs tls.certificate and tls.key");
      s->listeners_.push_back(std::make_unique<net::Listener>(
          s->loop_, std::move(c.inherited[i]), [raw = s.get(), place](Fd fd, const net::Address& peer) { raw->accept(std::move(fd), peer, place); }));
      s->listeners_.back()->when_full(place.busy_text("4.3.2 too many connections"), kept_descriptors,
                                      [raw = s.get()] { return raw->loop_.kept() >= raw->config_.smtp_connections; });
    }
    return std::unique_ptr<Service>(std::move(s));
  }

  int run() override {
    return net::serve(loop_, listeners_, [this] { end(); });
  }

 private:
  explicit Smtpd(Context& c)
      : config_(c.config), directory_(loop_, c.root_run, c.paths.socket("directory")),
        injector_(loop_, "queue-inject", c.paths.socket("queue-inject")),
        shared_{loop_, config_, directory_, injector_, nullptr} {}

  void accept(Fd fd, const net::Address& peer, const Place& place) {
    std::string ip = peer.ip();
    bool is_near = peer.is_loopback();
    if (!is_near && per_ip_[ip] >= config_.smtp_connections_per_ip)
      return turn_away(std::move(fd), place, "4.7.0 too many connections from your address");
    smtp::ServerOptions o;
    o.kind = place.kind;
    o.hostname = config_.hostname;
    o.client_ip = ip;
    o.has_tls = shared_.tls != nullptr;
    o.has_tokens = config_.has_tokens();
    o.check_sender = config_.check_sender;
    o.check_header_from = config_.check_header_from;
    o.may_auth_in_clear = config_.plaintext_auth == "always" || (config_.plaintext_auth == "loopback" && is_near);
    for (auto& n : relay_from_) o.may_relay = o.may_relay || n.contains(peer);
    o.max_message = config_.message_size;
    o.max_recipients = config_.max_recipients;
    per_ip_[ip]++;
    auto session = std::make_unique<SmtpSession>(shared_, std::move(o), place.tls_at_once, [this](SmtpSession& s) { ended(s); });
    auto& raw = *session;
    loop_.keep(std::move(session));
    raw.open(std::move(fd));
  }

  static void turn_away(Fd fd, const Place& place, const char* why) {
    std::string text = place.busy_text(why);
    if (::write(fd.get(), text.data(), text.size()) < 0) return;  // gone already
  }

  void ended(SmtpSession& s) {
    if (auto i = per_ip_.find(s.ip()); i != per_ip_.end() && --i->second == 0) per_ip_.erase(i);
    loop_.drop(s);
    if (ending_ && loop_.kept() == 0) loop_.stop();
  }

  // No new sessions; those that are within a message may finish it, for a while.
  void end() {
    ending_ = true;
    listeners_.clear();
    loop_.each_kept([](net::Kept& k) { static_cast<SmtpSession&>(k).dismiss("shutting down"); });
    if (loop_.kept() == 0) return loop_.stop();
    last_.start(seconds(20));
  }

  Config config_;
  net::Loop loop_;
  directory::Client directory_;
  ipc::AsyncClient injector_;
  SmtpShared shared_;
  std::vector<net::Network> relay_from_;
  net::Listeners listeners_;
  std::unordered_map<std::string, std::size_t> per_ip_;
  net::Timer last_{loop_, [this] { loop_.stop(); }};
  bool ending_ = false;
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "smtpd",
      .about = "receive mail: SMTP, submission and LMTP",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdnet", .root = c.paths.run, .paths = {}, .calls = sandbox::net,
                .descriptors = c.config.smtp_connections + 2 * kept_descriptors};
      },
      .open = Smtpd::open,
      .workers = [](const Config& c) { return static_cast<int>(c.smtp_processes); },
      .listen = open_places,
  });
}
