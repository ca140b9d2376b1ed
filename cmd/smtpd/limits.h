// SPDX-License-Identifier: MIT
// limits.h: what a client may, by its address and its account, and how much memory messages have.
//
// Rates are counted for all processes of all generations together (lib/base/rates.h); connections and
// memory each process counts for itself, a fair share of what the kernel hands out.
// A key is an address as bytes, of IPv6 its /64; "": no limit by address holds (unlimited_from,
// auth.relay_from, Unix sockets).  smtpd(8) tells users about all this.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/rates.h"
#include "lib/net/address.h"
#include "lib/smtp/server.h"

namespace jd {

class Limits {
 public:
  static Result<Limits> open(const Config& config, int rates_fd);

  bool is_proxy(const net::Address& a) const { return contains(proxy_from_, a); }
  bool is_refused(const net::Address& a) const { return contains(refuse_from_, a); }
  // Sets what depends on the address; the key.
  std::string client_is(const net::Address& a, smtp::ServerOptions& o) const;

  bool may_connect(const std::string& key);  // true: counted until left()
  void left(const std::string& key);

  // One more of these from there: nullopt, or what to answer.  user: of who has logged in, else "".
  std::optional<smtp::Reply> message(const std::string& key, const std::string& user, uint64_t declared);
  std::optional<smtp::Reply> recipient(const std::string& key, const std::string& user);
  void unknown_recipient(const std::string& key);
  void received(const std::string& user, uint64_t bytes);

  // Memory of messages under way.  Those of more than `large` share a half, so that a few that are
  // large (or never end) leave room for the rest.
  static constexpr std::size_t large = 64 << 10;
  void hold(std::size_t before, std::size_t now) { held_ += now - before; }
  bool has_room(uint64_t bytes) const { return held_ + bytes <= (bytes > large ? config_->smtp_memory / 2 : config_->smtp_memory); }
  bool is_over(std::size_t held) const { return held > large && held_ > config_->smtp_memory / 2; }

  // In the log at most once a minute for each.
  void note(const char* what, const std::string& key, const std::string& ip, const std::string& user = "");

 private:
  using Networks = std::vector<net::Network>;
  Limits(const Config& config, Rates rates) : config_(&config), rates_(std::move(rates)) {}
  static bool contains(const Networks& n, const net::Address& a);
  const Config* config_;
  Rates rates_;
  Networks proxy_from_, refuse_from_, relay_from_, unlimited_from_, xclient_from_, etrn_from_;
  std::unordered_map<std::string, std::size_t> connections_;
  std::size_t held_ = 0;
};

}  // namespace jd
