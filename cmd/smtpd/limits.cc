// SPDX-License-Identifier: MIT
#include "cmd/smtpd/limits.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
using smtp::Reply;

std::optional<Reply> too_many(std::string_view what, uint64_t n, std::string_view per, bool is_user) {
  return Reply{450, "4.7.1", fmt::format("too many {} from {}, {} are allowed {}; try again later", what, is_user ? "your account" : "your address", n, per)};
}
}  // namespace

Result<Limits> Limits::open(const Config& c, int rates_fd) {
  TRY(Rates rates, Rates::open(rates_fd));
  Limits l(c, std::move(rates));
  struct { const std::vector<std::string>& from; Networks& to; } lists[] = {
      {c.proxy_from, l.proxy_from_}, {c.refuse_from, l.refuse_from_}, {c.relay_from, l.relay_from_},
      {c.unlimited_from, l.unlimited_from_}, {c.xclient_from, l.xclient_from_}, {c.etrn_from, l.etrn_from_}};
  for (auto& list : lists)
    for (auto& text : list.from) {
      TRY(auto network, net::Network::parse(text));
      list.to.push_back(network);
    }
  return l;
}

bool Limits::contains(const Networks& networks, const net::Address& a) {
  return std::any_of(networks.begin(), networks.end(), [&](auto& n) { return n.contains(a); });
}

std::string Limits::client_is(const net::Address& a, smtp::ServerOptions& o) const {
  o.client_ip = a.ip();
  o.may_auth_in_clear = config_->plaintext_auth == "always" || (config_->plaintext_auth == "loopback" && a.is_loopback());
  o.may_relay = contains(relay_from_, a);
  o.may_xclient = contains(xclient_from_, a);
  o.may_etrn = contains(etrn_from_, a);
  bool is_unlimited = a.is_unix() || o.may_relay || contains(unlimited_from_, a);
  o.tarpit = is_unlimited ? Span{} : config_->smtp_tarpit;
  std::string key = is_unlimited ? "" : a.ip_bytes();
  return key.size() > 8 ? key.substr(0, 8) : key;
}

bool Limits::may_connect(const std::string& key) {
  if (key.empty()) return true;
  auto& n = connections_[key];
  if (n >= config_->smtp_connections_per_ip) return false;
  n++;
  return true;
}

void Limits::left(const std::string& key) {
  if (auto i = connections_.find(key); i != connections_.end() && --i->second == 0) connections_.erase(i);
}

std::optional<Reply> Limits::message(const std::string& key, const std::string& user, uint64_t declared) {
  if (!user.empty()) {
    uint64_t hourly = config_->user_messages_per_hour, daily = config_->user_bytes_per_day;
    if (!rates_.has("user bytes", user, {daily, days(1)}, std::max<uint64_t>(declared, 1))) {
      note("bytes_per_day", user, "", user);
      return Reply{450, "4.7.1", fmt::format("your account has sent what it may send in a day ({}); try again later", size_text(daily))};
    }
    if (rates_.take("user messages", user, {hourly, hours(1)})) return std::nullopt;
    note("messages_per_hour", user, "", user);
    return too_many("messages", hourly, "in an hour", true);
  }
  if (key.empty() || rates_.take("messages", key, {config_->smtp_messages_per_minute, minutes(1)})) return std::nullopt;
  return too_many("messages", config_->smtp_messages_per_minute, "in a minute", false);
}

std::optional<Reply> Limits::recipient(const std::string& key, const std::string& user) {
  if (!user.empty()) {
    if (rates_.take("user recipients", user, {config_->user_recipients_per_hour, hours(1)})) return std::nullopt;
    note("recipients_per_hour", user, "", user);
    return too_many("recipients", config_->user_recipients_per_hour, "in an hour", true);
  }
  if (key.empty()) return std::nullopt;
  if (!rates_.has("unknown", key, {config_->smtp_unknown_per_minute, minutes(1)}))
    return Reply{421, "4.7.0", "too many recipients from your address do not exist; try again later"};
  if (rates_.take("recipients", key, {config_->smtp_recipients_per_minute, minutes(1)})) return std::nullopt;
  return too_many("recipients", config_->smtp_recipients_per_minute, "in a minute", false);
}

void Limits::unknown_recipient(const std::string& key) {
  if (!key.empty()) rates_.charge("unknown", key, {config_->smtp_unknown_per_minute, minutes(1)}, 1);
}

void Limits::received(const std::string& user, uint64_t bytes) {
  if (!user.empty()) rates_.charge("user bytes", user, {config_->user_bytes_per_day, days(1)}, bytes);
}

void Limits::note(const char* what, const std::string& key, const std::string& ip, const std::string& user) {
  if (rates_.take(std::string("log ") + what, key, {1, minutes(1)})) log::warn("limit_reached", {{"limit", what}, {"ip", ip}, {"user", user}});
}

}  // namespace jd
