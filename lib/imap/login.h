// SPDX-License-Identifier: MIT
// login.h: IMAP before authentication (RFC 3501 §6.1, §6.2): what the front door speaks.
//
//   feed(bytes) -> how many were taken; wants(): bytes | login | starttls | close.
//   After login: succeeded() (then greeting() and what was not taken go to the session) or failed().
// CAPABILITY NOOP LOGOUT ID STARTTLS LOGIN AUTHENTICATE with SASL-IR.  No I/O.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/auth/sasl.h"
#include "lib/base/result.h"
#include "lib/imap/lexer.h"

namespace jd::imap {

class Login {
 public:
  enum class Wants { bytes, login, starttls, close };
  Login(bool has_tls, bool is_secured, bool may_in_clear, bool has_tokens = false, uint64_t message_limit = 0);
  std::size_t feed(std::string_view bytes);
  Wants wants() const { return wants_; }
  std::string take_output() { return std::move(out_); }
  const auth::Credentials& credentials() const { return credentials_; }
  std::string succeeded();  // the tagged OK that the session begins with
  void goes_on(std::string_view challenge, const std::string& exchange);  // the directory wants to hear more
  void failed(const Error& e);
  void unavailable();       // the session could not be begun
  void too_many();          // sessions of this user
  void secured();
  void bye(const std::string& why);
  void shut_down() { bye("shutting down"); }

 private:
  void run(const Command& c);
  void capability();
  void step(auth::Exchange::Step s);
  void answer(std::string_view how, std::string_view text);
  bool may_log_in();
  auth::Offer offer() const { return {secured_, tokens_}; }
  std::string capability_text() const;

  bool has_tls_, secured_, clear_, tokens_;
  Wants wants_ = Wants::bytes;
  CommandReader reader_{0, max_unasked_literal};
  std::string out_, tag_, line_;
  std::optional<auth::Exchange> exchange_;
  auth::Credentials credentials_;
  uint64_t message_limit_;  // of the session that follows
  unsigned bad_ = 0;
};

}  // namespace jd::imap
