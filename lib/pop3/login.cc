// SPDX-License-Identifier: MIT
#include "lib/pop3/login.h"

#include "lib/base/text.h"
#include "lib/pop3/session.h"

namespace jd::pop3 {
namespace {
constexpr unsigned max_bad = 10;
constexpr std::size_t max_line = 12'290;  // an initial response; other commands are short
}  // namespace

Login::Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens)
    : has_tls_(has_tls), secured_(is_secured), clear_(may_in_clear), tokens_(has_tokens) {
  out_ = "+OK jdmail is ready\r\n";
}

void Login::bad(std::string_view text) {
  out_ += fmt::format("-ERR {}\r\n", text);
  if (++bad_ >= max_bad) bye("too many errors");
}

void Login::bye(const std::string& why) {
  out_ += "-ERR " + why + "\r\n";
  wants_ = Wants::close;
}

std::size_t Login::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (wants_ == Wants::bytes) {
    auto rest = bytes.substr(used);
    auto lf = rest.find('\n');
    if (lf == rest.npos) {
      if (rest.size() > max_line) bye("line too long");
      break;
    }
    used += lf + 1;
    auto l = rest.substr(0, lf);
    if (l.ends_with('\r')) l.remove_suffix(1);
    if (l.size() > max_line) return bye("line too long"), used;
    if (exchange_) step(exchange_->next(l));
    else line(l);
  }
  return used;
}

bool Login::may_log_in() {
  if (secured_ || clear_) return true;
  bad("[SYS/PERM] use STLS first: passwords are taken over TLS only");
  return false;
}

void Login::line(std::string_view l) {
  auto space = l.find(' ');
  std::string verb = upper(l.substr(0, space));
  auto argument = space == l.npos ? std::string_view() : l.substr(space + 1);
  if (verb == "CAPA") {
    out_ += "+OK capabilities\r\n";
    out_ += capabilities;
    if (has_tls_ && !secured_) out_ += "STLS\r\n";
    if (secured_ || clear_) {
      out_ += "USER\r\nSASL";
      for (auto& m : auth::mechanisms(offer())) out_ += " " + m;
      out_ += "\r\n";
    }
    out_ += ".\r\n";
    return;
  }
  if (verb == "NOOP") {
    out_ += "+OK\r\n";
    return;
  }
  if (verb == "QUIT") {
    out_ += "+OK good bye\r\n";
    wants_ = Wants::close;
    return;
  }
  if (verb == "STLS") {
    if (secured_ || !has_tls_) return bad(secured_ ? "TLS is on" : "TLS is not available here");
    out_ += "+OK begin TLS now\r\n";
    wants_ = Wants::starttls;
    return;
  }
  if (verb == "USER") {
    if (!may_log_in()) return;
    if (argument.empty() || argument.size() > 512) return bad("USER name");
    credentials_.user = argument;
    out_ += "+OK and the password?\r\n";
    return;
  }
  if (verb == "PASS") {
    if (!may_log_in()) return;
    if (credentials_.user.empty()) return bad("USER first");
    if (argument.empty()) return bad("PASS password");
    credentials_.password = Secret(argument);  // blanks belong to it (RFC 1939 §7)
    wants_ = Wants::login;
    return;
  }
  if (verb == "AUTH") {
    auto w = words(argument);
    if (w.empty()) {
      out_ += "+OK mechanisms\r\n";
      for (auto& m : auth::mechanisms(offer())) out_ += m + "\r\n";
      out_ += ".\r\n";
      return;
    }
    if (!may_log_in()) return;
    exchange_ = auth::Exchange::start(w[0], offer());
    if (!exchange_) return bad("unknown mechanism: CAPA lists those that are known");
    return step(exchange_->first(w.size() > 1 ? std::optional<std::string_view>(w[1]) : std::nullopt));
  }
  bad("log in first");
}

void Login::step(auth::Exchange::Step s) {
  switch (s.state) {
    case auth::Exchange::State::challenge: out_ += "+ " + s.challenge + "\r\n"; return;
    case auth::Exchange::State::done:
      credentials_ = exchange_->credentials();
      if (credentials_.mechanism.empty()) exchange_.reset();
      if (!credentials_.act_as.empty()) return bad("[AUTH] acting as another account is not possible");
      wants_ = Wants::login;
      return;
    case auth::Exchange::State::cancelled: exchange_.reset(); return bad("cancelled");
    case auth::Exchange::State::malformed: exchange_.reset(); return bad("malformed authentication data");
  }
}

void Login::goes_on(std::string_view challenge, const std::string& exchange) {
  wants_ = Wants::bytes;
  step(exchange_->go_on(challenge, exchange));
}

std::string Login::succeeded() {
  exchange_.reset();
  credentials_ = auth::Credentials();
  return "+OK logged in\r\n";
}

void Login::failed(const Error& e) {
  exchange_.reset();
  std::string_view hint = credentials_.mechanism.starts_with("SCRAM") ? "; if it is right: log in with PLAIN once" : "";
  credentials_ = auth::Credentials();
  wants_ = Wants::bytes;
  if (e.fault == Fault::usage) return bad("malformed authentication data");
  if (e.fault == Fault::temp) return bad("[SYS/TEMP] cannot log you in now; try again later");
  bad(fmt::format("[AUTH] wrong user name or password{}", hint));
}

void Login::unavailable() {
  wants_ = Wants::bytes;
  bad("[SYS/TEMP] the mailbox is not available now; try again later");
}

void Login::secured() {
  secured_ = true;
  wants_ = Wants::bytes;
  credentials_ = auth::Credentials();
  exchange_.reset();
}

}  // namespace jd::pop3
