// SPDX-License-Identifier: MIT
// login.h: POP3's AUTHORIZATION state (RFC 1939 §4): what the front door speaks.
//
// Same shape as imap/login.h.  CAPA USER PASS AUTH (RFC 5034) STLS (RFC 2595) NOOP QUIT.  No I/O.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "lib/auth/sasl.h"
#include "lib/base/result.h"

namespace jd::pop3 {

class Login {
 public:
  enum class Wants { bytes, login, starttls, close };
  Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens = false);
  std::size_t feed(std::string_view bytes);
  Wants wants() const { return wants_; }
  std::string take_output() { return std::move(out_); }
  const auth::Credentials& credentials() const { return credentials_; }
  std::string succeeded();
  void goes_on(std::string_view challenge, const std::string& exchange);  // the directory wants to hear more
  void failed(const Error& e);
  void unavailable();
  void secured();
  void bye(const std::string& why);

 private:
  void line(std::string_view l);
  void step(auth::Exchange::Step s);
  void bad(std::string_view text);
  bool may_log_in();
  auth::Offer offer() const { return {secured_, tokens_}; }

  bool has_tls_, secured_, clear_, tokens_;
  Wants wants_ = Wants::bytes;
  std::string out_;
  std::optional<auth::Exchange> exchange_;
  auth::Credentials credentials_;
  unsigned bad_ = 0;
};

}  // namespace jd::pop3
