// SPDX-License-Identifier: MIT
// acme.h: gets one certificate from an ACME server (RFC 8555).
//
//   directory ─> nonce ─> account ─> order ─> for each name: authorization ─> challenge ─> valid
//             ─> finalize (our request) ─> order valid ─> the chain
// Each request is signed with the account's key and a fresh nonce; one that the server calls bad is said
// again with another, up to eight times.  What takes more than ten minutes has failed.
// Under a Loop; one order at a time.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/acmed/responder.h"
#include "lib/auth/jose.h"
#include "lib/http/acme.h"
#include "lib/http/client.h"
#include "lib/net/loop.h"

namespace jd {

class Acme {
 public:
  using Done = std::function<void(Result<std::string>)>;  // the chain in PEM
  Acme(net::Loop& loop, http::Client& web, Responder& responder, auth::Key account, std::string directory_url, std::string contact)
      : loop_(loop), web_(web), responder_(responder), account_(std::move(account)), directory_url_(std::move(directory_url)), contact_(std::move(contact)) {}
  bool is_busy() const { return static_cast<bool>(done_); }
  void order(std::vector<std::string> names, auth::Key key, Done done);

 private:
  using Then = std::function<void(const http::Response&)>;
  struct Call { std::string url, payload; bool is_first; Then then; int tries = 0; };
  void post(std::string url, std::string payload, Then then);
  void send(std::shared_ptr<Call> call);
  void received(std::shared_ptr<Call> call, Result<http::Response> r);
  void get_account();
  void new_order();
  void authorize();
  void challenge(const http::acme::Authorization& a);
  void poll_authorization();
  void await_order();
  void finalize();
  void fetch();
  void wait(std::function<void()> then);
  void fail(const Error& e);
  void finish(Result<std::string> r);

  net::Loop& loop_;
  http::Client& web_;
  Responder& responder_;
  auth::Key account_;
  std::string directory_url_, contact_;
  net::Timer timer_{loop_, [this] { auto then = std::move(then_); then(); }};
  std::function<void()> then_;
  std::vector<std::string> names_;
  std::optional<auth::Key> key_;
  Done done_;
  http::acme::Directory directory_;
  http::acme::Order order_;
  std::string nonce_, account_url_, order_url_;
  std::size_t at_ = 0;  // of order_.authorizations
  Time until_;
};

}  // namespace jd
