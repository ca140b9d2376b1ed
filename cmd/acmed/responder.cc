// SPDX-License-Identifier: MIT
#include "cmd/acmed/responder.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cmd/acmed/x509.h"
#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/acme.h"
#include "lib/net/stream.h"

namespace jd {
namespace {
constexpr std::size_t max_request = 8192, max_visits = 200;
constexpr Span patience = seconds(10);
}  // namespace

// One connection: a request and its answer, or a handshake.
struct Responder::Visit : net::StreamHandler, net::Kept {
  explicit Visit(Responder& r) : responder(r), stream(r.loop_, *this) {}
  void open(Fd fd) {
    stream.open(std::move(fd));
    stream.set_deadline(patience);
    if (responder.is_tls_)
      if (auto r = stream.start_tls_server(*tls); !r) end();
  }
  std::size_t on_data(std::string_view bytes) override {
    if (responder.is_tls_) return bytes.size();
    if (bytes.find("\r\n\r\n") == bytes.npos && bytes.size() < max_request) return 0;
    auto token = http::acme::challenge_asked_for(bytes);
    auto proof = token ? responder.proofs_.find(*token) : responder.proofs_.end();
    bool found = proof != responder.proofs_.end();
    std::string body = found ? proof->second : "this host serves nothing here\n";
    stream.write(fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", found ? "200 OK" : "404 Not Found",
                             found ? "application/octet-stream" : "text/plain", body.size(), body));
    end();
    return bytes.size();
  }
  // RFC 8737 §3: once the handshake is done nothing more is said.
  void on_secured() override { end(); }
  void on_closed(const std::string&) override { drop(); }
  void end() {
    stream.close_after_flush();
    if (!stream.is_open()) drop();
  }
  void drop() {
    if (!dropped) responder.loop_.drop(*this);
    dropped = true;
  }
  Responder& responder;
  net::Stream stream;
  std::shared_ptr<net::TlsContext> tls;
  bool dropped = false;
};

Responder::~Responder() = default;

Status Responder::bind(const std::vector<std::string>& addresses) {
  for (auto& text : addresses) {
    TRY(auto at, net::Address::parse(text));
    Fd fd(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int on = 1;
    if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd && at.family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (!fd || ::bind(fd.get(), at.data(), at.size()) < 0) {
      log::failure("acme_port_taken", Error(Fault::temp, fmt::format("cannot bind {}: {}", text, errno_text(errno)), errno));
      continue;
    }
    places_.push_back({text, std::move(fd)});
  }
  return {};
}

Status Responder::start() {
  if (places_.empty()) return fail(Fault::temp, "none of the addresses for {} could be bound when acmed started", type());
  for (auto& p : places_) {
    if (::listen(p.socket.get(), 64) < 0) {
      Status failed = fail_errno(errno, "cannot listen on {}", p.address);
      stop();
      return failed;
    }
    listeners_.push_back(std::make_unique<net::Listener>(loop_, Fd(::fcntl(p.socket.get(), F_DUPFD_CLOEXEC, 0)), [this](Fd fd, const net::Address&) { accept(std::move(fd)); }));
    CHECK(listeners_.back()->start());
  }
  return {};
}

void Responder::stop() {
  listeners_.clear();
  // Not listening any more, and bound as before: the right to bind is gone.
  for (auto& p : places_) ::shutdown(p.socket.get(), SHUT_RD);
  proofs_.clear();
  tls_.reset();
}

void Responder::accept(Fd fd) {
  if (loop_.kept() >= max_visits || (is_tls_ && !tls_)) return;
  auto visit = std::make_unique<Visit>(*this);
  visit->tls = tls_;
  auto& raw = *visit;
  loop_.keep(std::move(visit));
  raw.open(std::move(fd));
}

Status Responder::answer(const std::string& name, const std::string& token, const std::string& proof) {
  proofs_[token] = proof;
  if (!is_tls_) return {};
  TRY(auth::Key key, auth::Key::make());
  TRY(std::string pem, challenge_certificate(key, name, sha256(proof)));
  TRY(Fd dir, file::open(dir_, O_RDONLY | O_DIRECTORY));
  CHECK(file::write_durable(dir.get(), "challenge.pem", pem + std::string(key.pem().reveal())));
  std::string path = dir_ + "/challenge.pem";
  if (!tls_) {
    TRY(tls_, net::TlsContext::server(path, path));
    tls_->serve_only("acme-tls/1");
  }
  Status added = tls_->add(path, path);
  CHECK(file::unlink(dir.get(), "challenge.pem"));
  return added;
}

}  // namespace jd
