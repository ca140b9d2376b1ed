// SPDX-License-Identifier: MIT
// scram.h: the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), without I/O.
//
//   client-first ──first()──> user name; its verifier is looked up ──challenge()──> server-first
//   client-final ──final()──> server-final ("v=..."), or why not
// A verifier proves that a client knows the password and does not tell the password; who has it can try
// passwords against it, so it stays where the Argon2id hash is.  Messages are at most 4,096 bytes.
// Channel bindings: tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929).
#pragma once
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace jd::auth {

// verifier := "SCRAM-SHA-256$" iterations ":" salt "$" StoredKey ":" ServerKey     base64 each
struct Verifier {
  unsigned iterations = 0;
  std::string salt, stored_key, server_key;
  std::string text() const;
  static Result<Verifier> parse(std::string_view text);
};
constexpr unsigned scram_iterations = 10'000;  // of new ones; RFC 7677 wants 4,096 at least
// Costs some milliseconds.  The password is prepared as RFC 4013 says; where that refuses it, its bytes count.
Verifier make_verifier(const Secret& password, const std::string& salt, unsigned iterations = scram_iterations);
Verifier make_verifier(const Secret& password);  // with a salt of its own
// For a name that nobody has: the same each time, and like a real one to who does not know `key`.
Verifier fake_verifier(std::string_view key, std::string_view name);

// What ties an exchange to its TLS connection; empty: not to be had.
struct Channel {
  bool is_tls = false;  // then -PLUS was offered
  std::string exporter, end_point;
};

class Scram {
 public:
  Scram(bool is_plus, Channel channel) : is_plus_(is_plus), channel_(std::move(channel)) {}
  // usage: not a client-first-message; perm: the channel binding is not what was offered.
  Status first(std::string_view message);
  const std::string& user() const { return user_; }
  const std::string& act_as() const { return act_as_; }  // "" when it is the user
  std::string challenge(const Verifier& v, std::string_view nonce);  // nonce: printable, no comma
  // usage: not a client-final-message; perm: wrong password, nonce or binding.
  Result<std::string> final(std::string_view message, const Verifier& v) const;

 private:
  Status bind(std::string_view flag);
  bool is_plus_;
  Channel channel_;
  std::string user_, act_as_, header_, bare_, nonce_, first_, binding_;
};

}  // namespace jd::auth
