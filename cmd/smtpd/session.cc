// SPDX-License-Identifier: MIT
#include "cmd/smtpd/session.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd {
namespace {
// What is as large as a message that did not fit lately (the header lines that we add may be the
// difference), or of unknown size when not even a small one did.
std::optional<smtp::Reply> quota_refusal(const directory::Route& r, uint64_t declared) {
  constexpr uint64_t added = 1024, small = 8192;
  uint64_t quota = r.account.quota.bytes;
  bool is_account = r.kind == directory::Route::Kind::account;
  if (is_account && quota && declared > quota)
    return smtp::Reply{552, "5.2.3", fmt::format("a message of {} is more than the whole mailbox may hold ({})", size_text(declared), size_text(quota))};
  if (r.full_for && (declared ? declared + added >= r.full_for : r.full_for <= small))
    return smtp::Reply{452, "4.2.2", quota ? fmt::format("mailbox is full: its {} are used; try again later", size_text(quota)) : "mailbox is full; try again later"};
  return std::nullopt;
}

constexpr std::size_t max_inline = 1 << 20;  // a larger message travels in a memfd

smtp::Reply trouble(const Error& e) {
  if (e.fault == Fault::perm || e.fault == Fault::usage) return {554, "5.3.0", "the message cannot be taken"};
  if (e.sys == ENOSPC || e.sys == EDQUOT) return {452, "4.3.1", "no space left; try again later"};
  return {451, "4.3.0", "temporary trouble here; try again later"};
}
}  // namespace

SmtpSession::SmtpSession(SmtpShared& shared, smtp::ServerOptions options, std::string key, bool tls_at_once,
                         std::function<void(SmtpSession&)> ended)
    : s_(shared), engine_(with_guard(std::move(options))), stream_(shared.loop, *this), ended_(std::move(ended)),
      timer_(shared.loop, [this] { on_timer(); }), id_(unique_id()), ip_(engine_.options().client_ip), key_(std::move(key)),
      tls_at_once_(tls_at_once), opened_(monotonic()), progress_(opened_) {}

smtp::ServerOptions SmtpSession::with_guard(smtp::ServerOptions o) {
  o.guard = this;
  return o;
}

SmtpSession::~SmtpSession() {
  s_.limits.hold(held_, 0);
  s_.directory.cancel(asked_directory_);
  s_.injector.cancel(asked_injector_);
}

void SmtpSession::open(Fd fd) {
  stream_.open(std::move(fd));
  log::Trace t(id_);
  log::debug("connected", {{"ip", ip_}});
  bool is_stranger = engine_.options().kind == smtp::Kind::smtp && !key_.empty();
  if (is_stranger && s_.config.smtp_greet_delay.ns > 0) {
    wait_ = Wait::greeting;
    return timer_.start(s_.config.smtp_greet_delay);
  }
  wait_for_client(true);
  if (!tls_at_once_) return greet();
  handshaking_ = true;
  if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
}

void SmtpSession::greet() {
  has_greeted_ = true;
  stream_.write(engine_.take_output());
}

// When the client must have gone on: with a command within `idle`, with a message at min_rate besides,
// and with all of it before the session's longest time is over (a message: that time again).
void SmtpSession::wait_for_client(bool has_progress) {
  if (has_progress) progress_ = monotonic();
  auto& c = s_.config;
  Time due = progress_ + c.smtp_idle;
  if (began_.ns && c.smtp_min_rate) due = std::min(due, began_ + c.smtp_idle + milliseconds(static_cast<int64_t>(came_ * 1000 / c.smtp_min_rate)));
  if (c.smtp_session.ns) due = std::min(due, opened_ + c.smtp_session * (began_.ns ? 2 : 1));
  wait_ = Wait::client;
  timer_.start_at(due);
}

void SmtpSession::on_timer() {
  log::Trace t(id_);
  switch (wait_) {
    case Wait::greeting:
      wait_for_client(true);
      return greet();
    case Wait::answer:
      wait_for_client(true);
      engine_.delay_over();
      return go_on();
    case Wait::client: break;
  }
  if (handshaking_ || ending_) return on_closed("timed out");
  if (engine_.wants() != smtp::Server::Wants::bytes) return wait_for_client(true);  // it waits for us
  bool is_long = s_.config.smtp_session.ns && monotonic() >= opened_ + s_.config.smtp_session;
  bool is_slow = began_.ns && monotonic() < progress_ + s_.config.smtp_idle;
  const char* why = is_long ? "session" : is_slow ? "min_rate" : "idle";
  log::info("idle", {{"ip", ip_}, {"why", why}});
  if (is_long) engine_.dismiss("the session is too long; connect anew", "4.3.2");
  else engine_.dismiss(is_slow ? "too slow, good bye" : "idle too long, good bye");
  proceed();
}

// Memory counts while the engine has it and until the queue has it.
void SmtpSession::account() {
  std::size_t now_held = engine_.held() + in_flight_;
  s_.limits.hold(held_, now_held);
  held_ = now_held;
  if (!engine_.is_receiving() || !s_.limits.is_over(held_)) return;
  s_.limits.note("memory", key_, ip_);
  engine_.drop_message();
  s_.limits.hold(held_, in_flight_);
  held_ = in_flight_;
}

std::optional<smtp::Reply> SmtpSession::may_mail(const smtp::Server& e) {
  auto r = s_.limits.message(key_, e.user(), e.declared_size());
  if (r && e.user().empty()) s_.limits.note("messages_per_minute", key_, ip_);
  return r;
}

std::optional<smtp::Reply> SmtpSession::may_rcpt(const smtp::Server& e) {
  auto r = s_.limits.recipient(key_, e.user());
  if (r && e.user().empty()) s_.limits.note(r->code == 421 ? "unknown_per_minute" : "recipients_per_minute", key_, ip_);
  return r;
}

std::optional<smtp::Reply> SmtpSession::may_receive(const smtp::Server& e) {
  if (s_.limits.has_room(e.declared_size())) return std::nullopt;
  s_.limits.note("memory", key_, ip_);
  return smtp::no_room();
}

void SmtpSession::client_is(smtp::ServerOptions& o) {
  ip_ = o.client_ip;
  if (!counted_as_) counted_as_ = std::make_unique<std::string>(key_);
  auto address = net::Address::of(ip_, 0);
  key_ = address ? s_.limits.client_is(*address, o) : "";
}

// A client that is refused again and again is told so each time; the log has heard it by then.
void SmtpSession::refused(const smtp::Server& e, What what, const smtp::Reply& r) {
  constexpr uint8_t max_logged = 20;
  if (logged_ >= max_logged) return;
  logged_++;
  std::string code = fmt::format("{} {}", r.code, r.enhanced);
  const std::string& from = e.envelope().reverse_path;
  switch (what) {
    case What::sender: return log::info("sender_refused", {{"from", from}, {"ip", ip_}, {"user", e.user()}, {"code", code}, {"text", r.text}});
    case What::recipient:
      return log::info("recipient_refused", {{"from", from}, {"to", e.lookup_address()}, {"ip", ip_}, {"code", code}, {"text", r.text}});
    case What::message: return log::info("message_refused", {{"from", from}, {"ip", ip_}, {"code", code}, {"text", r.text}});
    case What::session: return log::info("session_ended_early", {{"ip", ip_}, {"code", code}, {"text", r.text}});
  }
}

void SmtpSession::on_secured() {
  handshaking_ = false;
  if (!s_.config.tls_client_ca.empty())
    if (auto c = stream_.tls_client()) log::info("client_certificate", {{"ip", ip_}, {"subject", c->subject}, {"good", c->is_good}});
  engine_.secured(stream_.tls_version(), stream_.tls_cipher());
  if (std::exchange(tls_at_once_, false)) greet();
}

std::size_t SmtpSession::on_data(std::string_view bytes) {
  log::Trace t(id_);
  if (wait_ == Wait::greeting) return early(), bytes.size();
  std::size_t used = 0;
  while (used < bytes.size() && engine_.wants() == smtp::Server::Wants::bytes) {
    bool was_receiving = engine_.is_receiving();
    std::size_t n = engine_.feed(bytes.substr(used));
    used += n;
    if (was_receiving) came_ += n;
    account();
    proceed();
    if (ending_ || n == 0) break;
    if (stream_.pending() > net::Stream::high_water) {  // it sends commands and reads no replies
      on_closed("does not read our replies");
      break;
    }
  }
  leave();
  if (ending_ || wait_ == Wait::answer) return used;
  bool is_receiving = engine_.is_receiving();
  if (is_receiving && !began_.ns) began_ = monotonic(), came_ = 0;
  if (!is_receiving) began_ = {};
  wait_for_client(used > 0);
  return used;
}

// RFC 5321 §3.1: the client waits for the greeting; programs that only pour out mail do not.
void SmtpSession::early() {
  log::info("early_talker", {{"ip", ip_}});
  stream_.write(fmt::format("554 {}: you spoke before the greeting (RFC 5321 3.1), good bye\r\n", s_.config.hostname));
  end();
}

// Replies are written; a wait that is not for bytes is begun, and input rests meanwhile.
void SmtpSession::proceed() {
  using Wants = smtp::Server::Wants;
  if (engine_.wants() == Wants::starttls) {
    stream_.write(engine_.take_output());
    handshaking_ = true;
    if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
    return;
  }
  if (engine_.wants() == Wants::lookup) lookup();  // often answered at once, from the cache
  while (engine_.wants() == Wants::sender && !asked_directory_) sender();
  if (engine_.wants() == Wants::login) login();
  if (engine_.wants() == Wants::commit) commit();
  if (engine_.wants() == Wants::etrn) etrn();
  if (engine_.wants() == Wants::delay) {
    wait_ = Wait::answer;
    timer_.start(engine_.delay());
  }
  stream_.write(engine_.take_output());
  if (engine_.wants() == Wants::close) return end();
  if (engine_.wants() != Wants::bytes) stream_.pause();
}

void SmtpSession::go_on() {
  log::Trace t(id_);
  proceed();
  leave();
  if (!ending_ && engine_.wants() == smtp::Server::Wants::bytes) stream_.resume();
}

void SmtpSession::lookup() {
  // A cached answer comes inside resolve(); then our caller goes on by itself.
  bool is_inside = true;
  auto inside = std::make_shared<bool*>(&is_inside);
  std::string address = engine_.lookup_address();
  if (address.find('@') == address.npos) address += "@" + s_.config.hostname;  // postmaster alone
  asked_directory_ = s_.directory.resolve(address, [this, inside](Result<directory::Route> r) {
    asked_directory_ = 0;
    using Kind = directory::Route::Kind;
    if (!r) engine_.recipient_is(trouble(r.error()));
    else if (r->kind == Kind::remote && engine_.lookup_address().find('@') == std::string::npos) engine_.recipient_is(std::nullopt);
    else if (r->kind == Kind::remote) engine_.recipient_is_remote();
    else if (r->kind == Kind::unknown) {
      s_.limits.unknown_recipient(key_);
      engine_.recipient_is(smtp::Reply{550, "5.1.1", "no such mailbox here"});
    }
    else engine_.recipient_is(quota_refusal(*r, engine_.declared_size()));
    if (!*inside) go_on();
  });
  *inside = nullptr;
}

void SmtpSession::sender() {
  bool is_inside = true;
  auto inside = std::make_shared<bool*>(&is_inside);
  uint64_t asked = s_.directory.may_send(engine_.user(), lower(engine_.sender_address()), [this, inside](Result<bool> may) {
    asked_directory_ = 0;
    if (may && !*may) {
      log::Trace t(id_);
      log::info("sender_refused", {{"user", engine_.user()}, {"from", engine_.sender_address()}, {"ip", ip_}});
    }
    engine_.sender_is(may && *may, may ? std::nullopt : std::optional(trouble(may.error())));
    if (!*inside) go_on();
  });
  *inside = nullptr;
  if (asked) asked_directory_ = asked;
}

void SmtpSession::login() {
  auto& c = engine_.credentials();
  if (!c.act_as.empty()) {
    engine_.login_failed({535, "5.7.8", "acting as another account is not possible"});
    return;
  }
  directory::Door door{ip_, "smtp", {}};
  if (c.mechanism.starts_with("SCRAM")) door.channel = {stream_.is_secured(), stream_.tls_exporter(), stream_.tls_end_point()};
  asked_directory_ = s_.directory.authenticate(c, door, [this](Result<directory::Login> r) {
    asked_directory_ = 0;
    bool is_scram = engine_.credentials().mechanism.starts_with("SCRAM");
    if (r && !r->exchange.empty()) engine_.login_goes_on(r->challenge, r->exchange);
    else if (r) engine_.logged_in(r->address);
    else if (r.error().fault == Fault::temp) engine_.login_failed({454, "4.7.0", "temporary authentication failure; try again later"});
    else if (r.error().fault == Fault::usage) engine_.login_failed({501, "5.5.2", "malformed authentication data"});
    else engine_.login_failed({535, "5.7.8", fmt::format("wrong user name or password{}", is_scram ? "; if it is right: log in with PLAIN once" : "")});
    go_on();
  });
}

void SmtpSession::commit() {
  ipc::Message m("inject");
  for (auto& [k, v] : engine_.envelope().pairs()) m.set(k, v);
  std::string bytes = engine_.take_message();
  in_flight_ = bytes.size();
  account();
  if (bytes.size() > max_inline) {
    Fd fd(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    Status written = fd ? file::write_at(fd.get(), bytes, 0) : Status(fail_errno(errno, "cannot make a memfd"));
    if (!written) {
      log::failure("message_refused", written.error());
      return engine_.not_committed(trouble(written.error()));
    }
    ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    m.fds.push_back(std::move(fd));
  } else {
    m.set_body(std::move(bytes));
  }
  asked_injector_ = s_.injector.request(std::move(m), [this](Result<ipc::Message> r) {
    asked_injector_ = 0;
    in_flight_ = 0;
    account();
    log::Trace t(id_);
    auto& e = engine_.envelope();
    if (r) {
      std::string qid(r->get("qid"));
      log::info("accepted", {{"qid", qid}, {"from", e.reverse_path}, {"rcpts", e.recipients.size()}, {"bytes", e.size},
                             {"ip", ip_}, {"helo", engine_.helo()}, {"user", engine_.user()}, {"with", e.with}});
      s_.limits.received(engine_.user(), e.size);
      engine_.committed(qid);
    } else {
      log::failure("message_refused", r.error(), {{"from", e.reverse_path}, {"ip", ip_}});
      engine_.not_committed(trouble(r.error()));
    }
    go_on();
  }, minutes(2));
}

void SmtpSession::dismiss(const char* why) {
  if (ending_) return;
  leave_with_ = why;
  leave();
}

void SmtpSession::etrn() {
  ipc::Message m("start");
  m.set("domain", (engine_.etrn_with_below() ? "." : "") + engine_.etrn_domain());
  asked_injector_ = s_.injector.request(std::move(m), [this](Result<ipc::Message> r) {
    asked_injector_ = 0;
    log::Trace t(id_);
    if (r) log::info("etrn", {{"ip", ip_}, {"domain", engine_.etrn_domain()}, {"count", r->number("count")}});
    else log::failure("etrn_failed", r.error(), {{"ip", ip_}, {"domain", engine_.etrn_domain()}});
    if (r) engine_.etrn_started(r->number("count"));
    else engine_.etrn_started(Unexpected(r.error()));
    go_on();
  }, minutes(1));
}

// Not while a message is coming in or somebody is asked: then it is done at the next command.
void SmtpSession::leave() {
  if (!leave_with_ || ending_ || handshaking_ || engine_.is_receiving() || engine_.wants() != smtp::Server::Wants::bytes) return;
  engine_.dismiss(std::exchange(leave_with_, nullptr), "4.3.2");
  proceed();
}

void SmtpSession::end() {
  if (ending_) return;
  ending_ = true;
  timer_.stop();
  stream_.close_after_flush();
  if (!stream_.is_open()) return ended_(*this);
  stream_.set_deadline(seconds(30));
}

void SmtpSession::on_closed(const std::string& why) {
  log::Trace t(id_);
  if (!ending_) {
    log::debug("closed", {{"ip", ip_}, {"why", why}});
  }
  stream_.close();
  ending_ = true;
  ended_(*this);
}

}  // namespace jd
