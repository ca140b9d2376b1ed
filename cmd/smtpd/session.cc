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
  uint64_t quota = r.account.quota;
  if (r.kind != directory::Route::Kind::account) return std::nullopt;
  if (quota && declared > quota)
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

SmtpSession::SmtpSession(SmtpShared& shared, smtp::ServerOptions options, bool tls_at_once,
                         std::function<void(SmtpSession&)> ended)
    : s_(shared), engine_(options), stream_(shared.loop, *this), ended_(std::move(ended)), id_(unique_id()),
      ip_(options.client_ip), tls_at_once_(tls_at_once) {}

SmtpSession::~SmtpSession() {
  s_.directory.cancel(asked_directory_);
  s_.injector.cancel(asked_injector_);
}

void SmtpSession::open(Fd fd) {
  stream_.open(std::move(fd));
  stream_.set_deadline(s_.config.smtp_idle);
  log::Trace t(id_);
  log::debug("connected", {{"ip", ip_}});
  if (!tls_at_once_) return stream_.write(engine_.take_output());
  if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
}

void SmtpSession::on_secured() {
  if (tls_at_once_) {
    tls_at_once_ = false;
    std::string greeting = engine_.take_output();
    engine_.secured(stream_.tls_version(), stream_.tls_cipher());
    return stream_.write(greeting);
  }
  engine_.secured(stream_.tls_version(), stream_.tls_cipher());
}

std::size_t SmtpSession::on_data(std::string_view bytes) {
  log::Trace t(id_);
  std::size_t used = 0;
  stream_.set_deadline(s_.config.smtp_idle);
  while (used < bytes.size() && engine_.wants() == smtp::Server::Wants::bytes) {
    std::size_t n = engine_.feed(bytes.substr(used));
    used += n;
    proceed();
    if (ending_ || n == 0) break;
    if (stream_.pending() > net::Stream::high_water) {  // it sends commands and reads no replies
      on_closed("does not read our replies");
      break;
    }
  }
  return used;
}

// Replies are written; a wait that is not for bytes is begun, and input rests meanwhile.
void SmtpSession::proceed() {
  using Wants = smtp::Server::Wants;
  if (engine_.wants() == Wants::starttls) {
    stream_.write(engine_.take_output());
    if (auto r = stream_.start_tls_server(*s_.tls); !r) on_closed(r.error().what);
    return;
  }
  if (engine_.wants() == Wants::lookup) lookup();  // often answered at once, from the cache
  while (engine_.wants() == Wants::sender && !asked_directory_) sender();
  if (engine_.wants() == Wants::login) login();
  if (engine_.wants() == Wants::commit) commit();
  stream_.write(engine_.take_output());
  if (engine_.wants() == Wants::close) return end();
  if (engine_.wants() != Wants::bytes) stream_.pause();
}

void SmtpSession::go_on() {
  log::Trace t(id_);
  proceed();
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
    else if (r->kind == Kind::unknown) engine_.recipient_is(smtp::Reply{550, "5.1.1", "no such mailbox here"});
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
  stream_.set_deadline(minutes(10));
  asked_injector_ = s_.injector.request(std::move(m), [this](Result<ipc::Message> r) {
    asked_injector_ = 0;
    log::Trace t(id_);
    auto& e = engine_.envelope();
    if (r) {
      std::string qid(r->get("qid"));
      log::info("accepted", {{"qid", qid}, {"from", e.reverse_path}, {"rcpts", e.recipients.size()}, {"bytes", e.size},
                             {"ip", ip_}, {"user", engine_.user()}, {"with", e.with}});
      engine_.committed(qid);
    } else {
      log::failure("message_refused", r.error(), {{"from", e.reverse_path}, {"ip", ip_}});
      engine_.not_committed(trouble(r.error()));
    }
    go_on();
  }, minutes(2));
}

void SmtpSession::dismiss(const std::string& why) {
  if (ending_ || engine_.wants() != smtp::Server::Wants::bytes) return;
  engine_.dismiss(why);
  proceed();
}

void SmtpSession::end() {
  if (ending_) return;
  ending_ = true;
  stream_.close_after_flush();
  if (!stream_.is_open()) return ended_(*this);
  stream_.set_deadline(seconds(30));
}

void SmtpSession::on_closed(const std::string& why) {
  log::Trace t(id_);
  if (why == "timed out" && !ending_) {
    engine_.dismiss("idle too long, good bye");
    log::info("idle", {{"ip", ip_}});
  } else if (!ending_) {
    log::debug("closed", {{"ip", ip_}, {"why", why}});
  }
  stream_.close();
  ending_ = true;
  ended_(*this);
}

}  // namespace jd
