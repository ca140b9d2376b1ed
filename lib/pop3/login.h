// SPDX-License-Identifier: MIT
// login.h: POP3's AUTHORIZATION state (RFC 1939 §4): what the front door speaks.
//
// Same shape as imap/login.h.  CAPA USER PASS AUTH (RFC 5034) STLS (RFC 2595) UTF8 LANG (RFC 6856) NOOP QUIT.
// No I/O.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "lib/auth/sasl.h"
#include "lib/base/result.h"
#include "lib/pop3/language.h"

namespace jd::pop3 {

class Login {
 public:
  enum class Wants { bytes, login, starttls, close };
  Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens = false, const Offer& offer = {});
  std::size_t feed(std::string_view bytes);
  Wants wants() const { return wants_; }
  std::string take_output() { return std::move(out_); }
  const auth::Credentials& credentials() const { return credentials_; }
  const Manner& manner() const { return manner_; }  // for the session
  std::string succeeded();
  void goes_on(std::string_view challenge, const std::string& exchange);  // the directory wants to hear more
  void failed(const Error& e);
  void unavailable();
  void too_many();  // sessions of this user
  void too_soon();  // RFC 2449 §8.1.1: LOGIN-DELAY
  void shut_down();
  void secured();

 private:
  struct Row;
  static const Row rows[];
  void line(std::string_view l);
  void capa(std::string_view);
  void noop(std::string_view);
  void quit(std::string_view);
  void stls(std::string_view);
  void user(std::string_view argument);
  void pass(std::string_view argument);
  void auth(std::string_view argument);
  void utf8(std::string_view argument);
  void lang(std::string_view argument);
  void step(auth::Exchange::Step s);
  void ok(const Text& text);
  void bad(const Text& text, std::string_view code = "");
  void bye(const Text& why);
  bool may_log_in();
  auth::Offer offer() const { return {secured_, tokens_}; }

  bool has_tls_, secured_, clear_, tokens_;
  Offer offered_;
  Manner manner_;
  Wants wants_ = Wants::bytes;
  std::string out_;
  std::optional<auth::Exchange> exchange_;
  auth::Credentials credentials_;
  unsigned bad_ = 0;
};

}  // namespace jd::pop3
