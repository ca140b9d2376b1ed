// SPDX-License-Identifier: MIT
// metricsd: what qrun tells of itself, for Prometheus.  Row "metricsd" of jdmail(7).
#include <algorithm>
#include <list>

#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"
#include "lib/net/serve.h"
#include "lib/net/stream.h"
#include "lib/queue/metrics_text.h"

namespace jd {
namespace {
constexpr std::size_t max_request = 8 << 10, max_clients = 64;
constexpr Span patience = seconds(15);

std::string http(std::string_view status, std::string_view type, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status, type, body.size(), body);
}

struct Metricsd;
// One request, one answer.  RFC 9112: the request line and fields end with an empty line.
struct Client : net::StreamHandler {
  Client(Metricsd& d, net::Loop& loop) : daemon(d), stream(loop, *this) {}
  ~Client() override;
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string&) override;
  void answer(const std::string& text);
  Metricsd& daemon;
  net::Stream stream;
  bool is_asked = false;
  uint64_t asked = 0;  // of qrun
};

struct Metricsd : Service {
  net::Loop loop;
  net::Listeners listeners;
  ipc::AsyncClient qrun;
  std::list<std::unique_ptr<Client>> clients;
  std::vector<Client*> gone;
  net::Task clean{loop, [this] {
    for (auto* g : std::exchange(gone, {}))
      clients.remove_if([&](auto& c) { return c.get() == g; });
  }};

  explicit Metricsd(const Context& c) : qrun(loop, "qrun", c.paths.socket("qrun-stats")) {}
  Status listen(const Config& config) {
    for (auto& a : config.metrics_listen) {
      TRY(auto fds, net::listen_on_all({a}, 0660));
      for (auto& fd : fds)
        listeners.push_back(std::make_unique<net::Listener>(loop, std::move(fd), [this](Fd socket, const net::Address&) { accept(std::move(socket)); }));
    }
    return {};
  }
  void accept(Fd socket) {
    if (clients.size() >= max_clients) return;  // closed
    auto& c = clients.emplace_back(std::make_unique<Client>(*this, loop));
    c->stream.open(std::move(socket));
    c->stream.set_deadline(patience);
  }
  int run() override { return net::serve(loop, listeners, [this] { loop.stop(); }); }
};

Client::~Client() {
  if (asked) daemon.qrun.cancel(asked);
}

void Client::on_closed(const std::string&) {
  daemon.gone.push_back(this);
  daemon.clean.start();
}

void Client::answer(const std::string& text) {
  stream.write(text);
  stream.close_after_flush();
  if (!stream.is_open()) on_closed("");
}

std::size_t Client::on_data(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (is_asked) return bytes.size();
  if (end == bytes.npos) {
    if (bytes.size() < max_request) return 0;
    is_asked = true;
    answer(http("431 Request Header Fields Too Large", "text/plain", "too long\n"));
    return bytes.size();
  }
  is_asked = true;
  auto w = words(bytes.substr(0, bytes.find("\r\n")));
  if (w.size() != 3 || (w[0] != "GET" && w[0] != "HEAD")) {
    answer(http("405 Method Not Allowed", "text/plain", "GET /metrics\n"));
  } else if (w[1].substr(0, w[1].find('?')) != "/metrics") {
    answer(http("404 Not Found", "text/plain", "it is at /metrics\n"));
  } else {
    asked = daemon.qrun.request(ipc::Message("stats"), [this](Result<ipc::Message> r) {
      asked = 0;
      if (!r) return answer(http("200 OK", "text/plain; version=0.0.4", "# HELP jdmail_up qrun answers\n# TYPE jdmail_up gauge\njdmail_up 0\n"));
      queue::Pairs pairs;
      for (auto& [k, v] : r->pairs()) pairs.emplace_back(k, v);
      answer(http("200 OK", "text/plain; version=0.0.4; charset=utf-8", queue::prometheus_text(pairs)));
    }, seconds(10));
  }
  return bytes.size();
}
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "metricsd",
      .about = "tell Prometheus about the queue",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdnet", .root = c.paths.run, .paths = {}, .calls = sandbox::net, .descriptors = 256};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        auto m = std::make_unique<Metricsd>(c);
        CHECK(m->listen(c.config));
        return std::unique_ptr<Service>(std::move(m));
      },
  });
}
