// SPDX-License-Identifier: MIT
#include "lib/pop3/login.h"

#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/pop3/texts.h"

namespace jd::pop3 {
namespace {
constexpr unsigned max_bad = 10;
constexpr std::size_t max_line = 12'290;  // an initial response; other commands are short
}  // namespace

struct Login::Row {
  std::string_view verb;
  void (Login::*run)(std::string_view argument);
};
const Login::Row Login::rows[] = {
    {"CAPA", &Login::capa}, {"NOOP", &Login::noop}, {"QUIT", &Login::quit}, {"STLS", &Login::stls}, {"USER", &Login::user},
    {"PASS", &Login::pass}, {"AUTH", &Login::auth}, {"UTF8", &Login::utf8}, {"LANG", &Login::lang},
};

Login::Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens, const Offer& offer)
    : has_tls_(has_tls), secured_(is_secured), clear_(may_in_clear), tokens_(has_tokens), offered_(offer) {
  out_ = "+OK jdmail is ready\r\n";
}

void Login::ok(const Text& text) { out_ += ok_line(text.in(manner_.language)); }

void Login::bad(const Text& text, std::string_view code) {
  out_ += err_line(text.in(manner_.language), code);
  if (++bad_ >= max_bad) bye(texts::too_many_errors);
}

void Login::bye(const Text& why) {
  out_ += err_line(why.in(manner_.language));
  wants_ = Wants::close;
}

void Login::shut_down() { bye(texts::shutting_down); }

std::size_t Login::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (wants_ == Wants::bytes) {
    auto rest = bytes.substr(used);
    auto lf = rest.find('\n');
    if (lf == rest.npos) {
      if (rest.size() > max_line) bye(texts::line_too_long);
      break;
    }
    used += lf + 1;
    auto l = rest.substr(0, lf);
    if (l.ends_with('\r')) l.remove_suffix(1);
    if (l.size() > max_line) return bye(texts::line_too_long), used;
    if (exchange_) step(exchange_->next(l));
    else line(l);
  }
  return used;
}

bool Login::may_log_in() {
  if (secured_ || clear_) return true;
  bad(texts::stls_first, "SYS/PERM");
  return false;
}

void Login::line(std::string_view l) {
  auto space = l.find(' ');
  std::string verb = upper(l.substr(0, space));
  for (auto& row : rows)
    if (row.verb == verb) return (this->*row.run)(space == l.npos ? std::string_view() : l.substr(space + 1));
  bad(texts::log_in_first);
}

void Login::capa(std::string_view) {
  ok(texts::capabilities);
  out_ += capabilities(offered_);
  if (has_tls_ && !secured_) out_ += "STLS\r\n";
  if (secured_ || clear_) {
    out_ += "USER\r\nSASL";
    for (auto& m : auth::mechanisms(offer())) out_ += " " + m;
    out_ += "\r\n";
  }
  out_ += ".\r\n";
}

void Login::noop(std::string_view) { out_ += "+OK\r\n"; }

void Login::quit(std::string_view) {
  ok(texts::good_bye);
  wants_ = Wants::close;
}

void Login::stls(std::string_view) {
  if (secured_) return bad(texts::tls_is_on);
  if (!has_tls_) return bad(texts::no_tls);
  if (manner_.is_utf8) return bad(texts::stls_before_utf8);  // RFC 6856 §2.1
  ok(texts::begin_tls);
  wants_ = Wants::starttls;
}

void Login::user(std::string_view argument) {
  if (!may_log_in()) return;
  if (argument.empty() || argument.size() > 512) return bad(texts::user_name);
  auto prepared = mime::saslprep(argument);  // RFC 6856 §2.2
  if (!prepared) return bad(texts::not_utf8);
  credentials_.user = std::move(*prepared);
  ok(texts::and_password);
}

void Login::pass(std::string_view argument) {
  if (!may_log_in()) return;
  if (credentials_.user.empty()) return bad(texts::user_first);
  if (argument.empty()) return bad(texts::pass_password);
  // Blanks belong to it (RFC 1939 §7).  The directory prepares it, as it does those of other protocols.
  if (!is_ascii(argument) && !mime::saslprep(argument)) return bad(texts::not_utf8);
  credentials_.password = Secret(argument);
  wants_ = Wants::login;
}

void Login::auth(std::string_view argument) {
  auto w = words(argument);
  if (w.empty()) {
    ok(texts::mechanisms);
    for (auto& m : auth::mechanisms(offer())) out_ += m + "\r\n";
    out_ += ".\r\n";
    return;
  }
  if (!may_log_in()) return;
  exchange_ = auth::Exchange::start(w[0], offer());
  if (!exchange_) return bad(texts::no_mechanism);
  step(exchange_->first(w.size() > 1 ? std::optional<std::string_view>(w[1]) : std::nullopt));
}

void Login::utf8(std::string_view argument) {
  if (!argument.empty()) return bad(texts::utf8_takes_nothing);
  manner_.is_utf8 = true;
  ok(texts::utf8_on);
}

void Login::lang(std::string_view argument) {
  bool is_good;
  out_ += answer_lang(trim(argument), offered_, manner_.language, is_good);
  if (!is_good && ++bad_ >= max_bad) bye(texts::too_many_errors);
}

void Login::step(auth::Exchange::Step s) {
  switch (s.state) {
    case auth::Exchange::State::challenge: out_ += "+ " + s.challenge + "\r\n"; return;
    case auth::Exchange::State::done:
      credentials_ = exchange_->credentials();
      if (credentials_.mechanism.empty()) exchange_.reset();
      if (!credentials_.act_as.empty()) return bad(texts::no_act_as, "AUTH");
      wants_ = Wants::login;
      return;
    case auth::Exchange::State::cancelled: exchange_.reset(); return bad(texts::cancelled);
    case auth::Exchange::State::malformed: exchange_.reset(); return bad(texts::malformed);
  }
}

void Login::goes_on(std::string_view challenge, const std::string& exchange) {
  wants_ = Wants::bytes;
  step(exchange_->go_on(challenge, exchange));
}

std::string Login::succeeded() {
  exchange_.reset();
  credentials_ = auth::Credentials();
  return ok_line(texts::logged_in.in(manner_.language));
}

void Login::failed(const Error& e) {
  exchange_.reset();
  bool is_scram = credentials_.mechanism.starts_with("SCRAM");
  credentials_ = auth::Credentials();
  wants_ = Wants::bytes;
  if (e.fault == Fault::usage) return bad(texts::malformed);
  if (e.fault == Fault::temp) return bad(texts::cannot_now, "SYS/TEMP");
  bad(is_scram ? texts::plain_once : texts::wrong_password, "AUTH");
}

void Login::unavailable() {
  wants_ = Wants::bytes;
  bad(texts::no_mailbox_now, "SYS/TEMP");
}

void Login::too_many() {
  wants_ = Wants::bytes;
  bad(texts::too_many_sessions, "SYS/TEMP");
}

void Login::too_soon() {
  wants_ = Wants::bytes;
  bad(texts::too_soon, "LOGIN-DELAY");
}

void Login::secured() {
  secured_ = true;
  wants_ = Wants::bytes;
  credentials_ = auth::Credentials();
  exchange_.reset();
  manner_ = {};
}

}  // namespace jd::pop3
