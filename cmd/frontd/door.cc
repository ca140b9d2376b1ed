// SPDX-License-Identifier: MIT
#include "cmd/frontd/door.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "lib/base/log.h"
#include "lib/base/random.h"

namespace jd {
namespace {
constexpr Span before_login = minutes(3);

std::variant<imap::Login, pop3::Login> make_login(Protocol p, bool has_tls, bool is_secured, bool may_in_clear, const DoorShared& s) {
  if (p == Protocol::imap) return imap::Login(has_tls, is_secured, may_in_clear, s.config.has_tokens(), s.config.imap_message_limit);
  return pop3::Login(has_tls, is_secured, may_in_clear, s.config.has_tokens(), s.pop3);
}
}  // namespace

Door::Door(DoorShared& shared, Protocol protocol, bool tls_at_once, std::string ip, bool is_near, std::function<void(Door&)> ended)
    : s_(shared), protocol_(protocol),
      login_(make_login(protocol, shared.tls && !tls_at_once, tls_at_once,
                        shared.config.plaintext_auth == "always" || (shared.config.plaintext_auth == "loopback" && is_near), shared)),
      stream_(shared.loop, *this), ended_(std::move(ended)), id_(unique_id()), ip_(std::move(ip)), tls_at_once_(tls_at_once) {}

Door::~Door() {
  s_.directory.cancel(asked_directory_);
  s_.sessions.cancel(asked_sessions_);
}

void Door::open(Fd fd) {
  stream_.open(std::move(fd));
  stream_.set_deadline(before_login);
  if (!tls_at_once_) return stream_.write(login([](auto& l) { return l.take_output(); }));
  if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
}

void Door::on_secured() {
  if (!s_.config.tls_client_ca.empty())
    if (auto c = stream_.tls_client()) log::info("client_certificate", {{"ip", ip_}, {"subject", c->subject}, {"good", c->is_good}});
  if (tls_at_once_) stream_.write(login([](auto& l) { return l.take_output(); }));
  tls_at_once_ = false;
  login([](auto& l) { l.secured(); });
}

std::size_t Door::on_data(std::string_view bytes) {
  if (back_) {
    back_->write(bytes);
    back_->set_deadline({});
    if (back_->pending() > net::Stream::high_water) stream_.pause();
    return bytes.size();
  }
  log::Trace t(id_);
  std::size_t used = 0;
  while (used < bytes.size() && !ending_ && login([](auto& l) { return l.wants() == std::decay_t<decltype(l)>::Wants::bytes; })) {
    std::size_t n = login([&](auto& l) { return l.feed(bytes.substr(used)); });
    used += n;
    proceed();
    if (n == 0) break;
  }
  return used;
}

void Door::proceed() {
  std::string out = login([](auto& l) { return l.take_output(); });
  stream_.write(out);
  enum { bytes, wants_login, starttls, close } wants = login([](auto& l) {
    using Wants = typename std::decay_t<decltype(l)>::Wants;
    return l.wants() == Wants::bytes ? bytes : l.wants() == Wants::login ? wants_login : l.wants() == Wants::starttls ? starttls : close;
  });
  if (wants == close) return end();
  if (wants == starttls) {
    if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
    return;
  }
  if (wants == wants_login) log_in();
}

void Door::log_in() {
  stream_.pause();
  auto& c = login([](auto& l) -> const auth::Credentials& { return l.credentials(); });
  stream_.set_deadline(minutes(2));
  directory::Door door{ip_, protocol_ == Protocol::imap ? "imap" : "pop3", {}};
  if (c.mechanism.starts_with("SCRAM")) door.channel = {stream_.is_secured(), stream_.tls_exporter(), stream_.tls_end_point()};
  asked_directory_ = s_.directory.authenticate(c, door, [this](Result<directory::Login> r) {
    asked_directory_ = 0;
    log::Trace t(id_);
    if (r && r->exchange.empty()) return hand_over(*r);
    login([&](auto& l) { r ? l.goes_on(r->challenge, r->exchange) : l.failed(r.error()); });
    stream_.set_deadline(before_login);
    proceed();
    if (!ending_) stream_.resume();
  });
}

void Door::hand_over(const directory::Login& who) {
  ipc::Message m("session");
  m.set("ticket", who.ticket).set("protocol", protocol_ == Protocol::imap ? "imap" : "pop3").set("trace", id_);
  if (auto* p = std::get_if<pop3::Login>(&login_)) m.set("manner", p->manner().text());
  m.set("greeting", login([](auto& l) { return l.succeeded(); }));
  Fd ours;
  if (stream_.is_secured()) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
      log::error("session_refused", {{"what", errno_text(errno)}});
      login([](auto& l) { l.unavailable(); });
      return proceed();
    }
    ours = Fd(fds[0]);
    ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
    m.fds.emplace_back(fds[1]);
  } else {
    m.fds.emplace_back(::dup(stream_.fd()));
  }
  auto kept = std::make_shared<Fd>(std::move(ours));
  // Bytes that the client pipelined behind its login belong to the session.
  std::string early = stream_.take_input();
  if (!early.empty()) m.set_body(std::move(early));
  asked_sessions_ = s_.sessions.request(std::move(m), [this, kept, user = who.address](Result<ipc::Message> r) {
    asked_sessions_ = 0;
    log::Trace t(id_);
    if (!r) {
      log::failure("session_refused", r.error(), {{"user", user}});
      auto* p = std::get_if<pop3::Login>(&login_);
      if (p && r.error().sys == EBUSY) p->too_soon();  // access.pop3_login_delay
      else if (r.error().sys == EUSERS) login([](auto& l) { l.too_many(); });  // access.sessions_per_user
      else login([](auto& l) { l.unavailable(); });
      proceed();
      if (!ending_) stream_.resume();
      return;
    }
    if (!*kept) {  // plain: the session has the connection
      stream_.close();
      ending_ = true;
      return ended_(*this);
    }
    back_ = std::make_unique<net::Stream>(s_.loop, back_handler_);
    back_->open(std::move(*kept));
    stream_.set_deadline({});
    stream_.resume();
  });
}

std::size_t Door::from_session(std::string_view bytes) {
  stream_.write(bytes);
  if (stream_.pending() > net::Stream::high_water) back_->pause();
  return bytes.size();
}

void Door::session_ended() { end(); }

void Door::dismiss() {
  if (back_ || ending_) return;
  login([](auto& l) { l.shut_down(); });
  proceed();
}

void Door::end() {
  if (ending_) return;
  ending_ = true;
  stream_.close_after_flush();
  if (!stream_.is_open()) return ended_(*this);
  stream_.set_deadline(seconds(30));
}

void Door::on_closed(const std::string&) {
  stream_.close();
  if (back_) back_->close();
  ending_ = true;
  ended_(*this);
}

}  // namespace jd
