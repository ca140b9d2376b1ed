// SPDX-License-Identifier: MIT
// smtpd: speak SMTP, submission and LMTP with strangers; many sessions, one event loop, N processes.
// Row "smtpd" of jdmail(7).

#include <unistd.h>

#include "cmd/smtpd/limits.h"
#include "cmd/smtpd/preface.h"
#include "cmd/smtpd/session.h"
#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/net/linger.h"
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
  TRY(auto all, net::listen_on_all(addresses));
  TRY(Fd rates, Rates::create());  // first: its place does not depend on the configuration
  all.insert(all.begin(), std::move(rates));
  return all;
}

class Smtpd : public Service {
 public:
  static Result<std::unique_ptr<Service>> open(Context& c) {
    if (c.inherited.empty()) return fail(Fault::bug, "the table of rates was not handed on");
    TRY(Limits limits, Limits::open(c.config, c.inherited[0].get()));
    c.inherited.erase(c.inherited.begin());
    std::unique_ptr<Smtpd> s(new Smtpd(c, std::move(limits)));
    TRY(s->shared_.tls, net::server_tls(c.paths.etc, c.config));
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
  Smtpd(Context& c, Limits limits)
      : config_(c.config), limits_(std::move(limits)), directory_(loop_, c.root_run, c.paths.socket("directory")),
        injector_(loop_, "queue-inject", c.paths.socket("queue-inject")),
        shared_{loop_, config_, directory_, injector_, nullptr, limits_} {}

  void accept(Fd fd, const net::Address& peer, const Place& place) {
    if (!limits_.is_proxy(peer)) return begin(std::move(fd), peer, place);
    if (prefaces_.is_full()) return turn_away(std::move(fd), place.busy_text("4.3.2 too many connections"));
    prefaces_.take(std::move(fd), peer, [this, place](Fd socket, const net::Address& client) {
      if (!ending_) begin(std::move(socket), client, place);
    });
  }

  void begin(Fd fd, const net::Address& client, const Place& place) {
    smtp::ServerOptions o;
    o.kind = place.kind;
    o.hostname = config_.hostname;
    o.has_tls = shared_.tls != nullptr;
    o.has_tokens = config_.has_tokens();
    o.check_sender = config_.check_sender;
    o.check_header_from = config_.check_header_from;
    o.max_message = config_.message_size;
    o.max_recipients = config_.max_recipients;
    o.max_messages = config_.smtp_messages_per_session;
    o.max_hold = config_.max_hold;
    o.max_errors = config_.smtp_errors ? static_cast<unsigned>(config_.smtp_errors) : UINT32_MAX;
    o.hide_client = config_.hide_client_ip;
    std::string key = limits_.client_is(client, o);
    if (limits_.is_refused(client)) {
      limits_.note("refuse_from", key, o.client_ip);
      // RFC 7504 §3: the connection ends with it.
      return turn_away(std::move(fd), place.tls_at_once ? "" : fmt::format("521 5.3.2 {} takes no mail from your network\r\n", config_.hostname));
    }
    if (!limits_.may_connect(key)) {
      limits_.note("connections_per_ip", key, o.client_ip);
      return turn_away(std::move(fd), place.busy_text("4.7.0 too many connections from your address"));
    }
    auto session = std::make_unique<SmtpSession>(shared_, std::move(o), std::move(key), place.tls_at_once, [this](SmtpSession& s) { ended(s); });
    auto& raw = *session;
    loop_.keep(std::move(session));
    raw.open(std::move(fd));
  }

  void turn_away(Fd fd, const std::string& text) {
    if (::write(fd.get(), text.data(), text.size()) < 0) return;  // gone already
    loop_.linger().take(std::move(fd));
  }

  void ended(SmtpSession& s) {
    limits_.left(s.counted_as());
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
  Limits limits_;
  net::Loop loop_;
  Prefaces prefaces_{loop_};
  directory::Client directory_;
  ipc::AsyncClient injector_;
  SmtpShared shared_;
  net::Listeners listeners_;
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
