// SPDX-License-Identifier: MIT
#include "lib/imap/login.h"

#include "lib/base/text.h"
#include "lib/imap/session.h"

namespace jd::imap {
namespace {
constexpr unsigned max_bad = 10;
constexpr std::size_t max_sasl_line = 12'290;
}  // namespace

Login::Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens, uint64_t message_limit)
    : has_tls_(has_tls), secured_(is_secured), clear_(may_in_clear), tokens_(has_tokens), message_limit_(message_limit) {
  out_ = fmt::format("* OK [CAPABILITY {}] jdmail is ready\r\n", capability_text());
}

std::string Login::capability_text() const {
  std::string r = "IMAP4rev1 IMAP4rev2 SASL-IR LITERAL- ID ENABLE IDLE";
  if (has_tls_ && !secured_) r += " STARTTLS";
  if (secured_ || clear_)
    for (auto& m : auth::mechanisms(offer())) r += " AUTH=" + m;
  else r += " LOGINDISABLED";
  return r;
}

void Login::answer(std::string_view how, std::string_view text) {
  out_ += fmt::format("{} {} {}\r\n", tag_, how, text);
  if (how != "BAD" || ++bad_ < max_bad) return;
  bye("too many bad commands");
}

void Login::bye(const std::string& why) {
  out_ += "* BYE " + why + "\r\n";
  wants_ = Wants::close;
}

std::size_t Login::feed(std::string_view bytes) {
  std::string_view in = bytes;
  while (wants_ == Wants::bytes && !in.empty()) {
    if (exchange_) {  // a line of a SASL exchange is no command
      auto lf = in.find('\n');
      line_.append(in.substr(0, lf));
      in.remove_prefix(lf == in.npos ? in.size() : lf + 1);
      if (line_.size() > max_sasl_line) {
        bye("line too long");
        break;
      }
      if (lf == std::string_view::npos) break;
      std::string line = std::move(line_);
      line_.clear();
      step(exchange_->next(trim(line)));
      continue;
    }
    switch (reader_.feed(in)) {
      case CommandReader::Got::needs_more: break;
      case CommandReader::Got::ask: out_ += "+ go ahead\r\n"; break;
      case CommandReader::Got::refused:
        if (reader_.is_flood()) {  // RFC 7888 §5: of somebody unknown that much is not even passed over
          bye("[TOOBIG] a literal of more than 4096 bytes waits until it is asked for");
          break;
        }
        out_ += reader_.refusal() + "\r\n";
        if (++bad_ >= max_bad) bye("too many bad commands");
        break;
      case CommandReader::Got::command: run(reader_.take()); break;
    }
  }
  return bytes.size() - in.size();
}

bool Login::may_log_in() {
  if (secured_ || clear_) return true;
  answer("NO", "[PRIVACYREQUIRED] use STARTTLS first: passwords are taken over TLS only");
  return false;
}

void Login::run(const Command& c) {
  Cursor cursor(c);
  std::string name;
  if (!cursor.tag(tag_) || !cursor.space() || !cursor.atom(name)) {
    if (tag_.empty()) tag_ = "*";
    return answer("BAD", "a command is: tag SP name");
  }
  name = upper(name);
  if (name == "CAPABILITY") {
    out_ += "* CAPABILITY " + capability_text() + "\r\n";
    return answer("OK", "done");
  }
  if (name == "NOOP") return answer("OK", "done");
  if (name == "LOGOUT") {
    bye("good bye");
    return answer("OK", "done");
  }
  if (name == "ID") {
    out_ += "* ID (\"name\" \"jdmail\")\r\n";
    return answer("OK", "done");
  }
  if (name == "STARTTLS") {
    if (secured_ || !has_tls_) return answer("BAD", secured_ ? "TLS is on" : "TLS is not available here");
    answer("OK", "begin TLS now");
    wants_ = Wants::starttls;
    return;
  }
  if (name == "LOGIN") {
    std::string user, password;
    if (!cursor.space() || !cursor.astring(user) || !cursor.space() || !cursor.astring(password) || !cursor.is_end())
      return answer("BAD", "LOGIN user password");
    if (!may_log_in()) return;
    credentials_.user = user;
    credentials_.password = Secret(password);
    wipe(password);
    wants_ = Wants::login;
    return;
  }
  if (name == "AUTHENTICATE") {
    std::string mechanism;
    if (!cursor.space() || !cursor.atom(mechanism)) return answer("BAD", "AUTHENTICATE mechanism");
    if (!may_log_in()) return;
    std::optional<std::string_view> initial;
    if (cursor.space()) initial = cursor.rest();
    exchange_ = auth::Exchange::start(mechanism, offer());
    if (!exchange_) return answer("NO", "unknown mechanism: CAPABILITY lists those that are known");
    return step(exchange_->first(initial));
  }
  answer("BAD", "log in first");
}

void Login::step(auth::Exchange::Step s) {
  switch (s.state) {
    case auth::Exchange::State::challenge: out_ += "+ " + s.challenge + "\r\n"; return;
    case auth::Exchange::State::done:
      credentials_ = exchange_->credentials();
      if (credentials_.mechanism.empty()) exchange_.reset();
      if (!credentials_.act_as.empty()) return answer("NO", "[AUTHORIZATIONFAILED] acting as another account is not possible");
      wants_ = Wants::login;
      return;
    case auth::Exchange::State::cancelled: exchange_.reset(); return answer("BAD", "cancelled");
    case auth::Exchange::State::malformed: exchange_.reset(); return answer("BAD", "malformed authentication data");
  }
}

void Login::goes_on(std::string_view challenge, const std::string& exchange) {
  wants_ = Wants::bytes;
  step(exchange_->go_on(challenge, exchange));
}

std::string Login::succeeded() {
  exchange_.reset();
  credentials_ = auth::Credentials();
  return fmt::format("{} OK [CAPABILITY {}] logged in\r\n", tag_, offered(message_limit_));
}

void Login::failed(const Error& e) {
  exchange_.reset();
  std::string_view hint = credentials_.mechanism.starts_with("SCRAM") ? "; if it is right: log in with PLAIN once" : "";
  credentials_ = auth::Credentials();
  wants_ = Wants::bytes;
  if (e.fault == Fault::usage) return answer("BAD", "malformed authentication data");
  if (e.fault == Fault::temp) return answer("NO", "[UNAVAILABLE] cannot log you in now; try again later");
  answer("NO", fmt::format("[AUTHENTICATIONFAILED] wrong user name or password{}", hint));
}

void Login::unavailable() {
  wants_ = Wants::bytes;
  answer("NO", "[UNAVAILABLE] the mailbox is not available now; try again later");
}

void Login::too_many() {
  wants_ = Wants::bytes;
  answer("NO", "[LIMIT] you have too many sessions already: close one and try again");  // RFC 5530
}

void Login::secured() {
  secured_ = true;
  wants_ = Wants::bytes;
  reader_ = CommandReader(0, max_unasked_literal);
  exchange_.reset();
}

}  // namespace jd::imap
